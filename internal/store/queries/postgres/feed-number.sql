-- Gives the events that were committed since the last time their positions, one person's in the order of versions. They
-- are numbered once, before the table is looked at: a plan could otherwise number them again for each of its rows.
WITH numbered AS MATERIALIZED (
    SELECT id, nextval('outbox_position_seq') AS position
    FROM (SELECT id FROM outbox WHERE position IS NULL ORDER BY at, version LIMIT 10000) AS ordered
)
UPDATE outbox SET position = numbered.position FROM numbered WHERE outbox.id = numbered.id
