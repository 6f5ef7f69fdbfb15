-- For: Gives new events their positions; the events of one record are in the order of its versions.
-- Runs: events; publishing to a topic; every minute, before events are dropped
-- Note: The events are numbered once, before the update: otherwise a plan could number them again for each row.
WITH numbered AS MATERIALIZED (
    SELECT id, nextval('outbox_position_seq') AS position
    FROM (SELECT id FROM outbox WHERE position IS NULL ORDER BY at, version LIMIT 10000) AS ordered
)
UPDATE outbox SET position = numbered.position FROM numbered WHERE outbox.id = numbered.id
