-- Gives the events that were committed since the last time their positions, one person's in the order of versions.
UPDATE outbox SET position = numbered.position
FROM (
    SELECT id, nextval('outbox_position_seq') AS position
    FROM (SELECT id FROM outbox WHERE position IS NULL ORDER BY at, version LIMIT $1) AS ordered
) AS numbered
WHERE outbox.id = numbered.id
