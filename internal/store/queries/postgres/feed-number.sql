-- For: Gives new events their positions; the events of one record, or person, are in the order of its versions, its erasure or merge last.
-- Runs: events; publishing to a topic; every minute, before events are dropped
-- Note: The events are numbered once, before the update: otherwise a plan could number them again for each row. A version
--   with an earlier time than the one before it, which had a wrong clock's, does not come before that.
WITH numbered AS MATERIALIZED (
    SELECT id, nextval('outbox_position_seq') AS position
    FROM (
        SELECT id, version, erases, max(at) OVER (PARTITION BY record, target, type LIKE 'person.%' ORDER BY version, erases) AS at
        FROM (
            SELECT id, record, target, type, at, version, type LIKE '%.erased' OR type LIKE '%.merged' AS erases
            FROM outbox WHERE position IS NULL ORDER BY at, version LIMIT 10000
        ) AS oldest
        ORDER BY at, version, erases
    ) AS ordered
)
UPDATE outbox SET position = numbered.position FROM numbered WHERE outbox.id = numbered.id
