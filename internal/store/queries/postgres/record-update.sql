-- For: Moves the expected version to the history and writes the next in its place.
-- Runs: change
-- Sample: 7, 3, 4, 1790000000000000, '\x0102', 0
-- Note: If it is no longer the current version, there is nothing to move, and the history refuses the NULL. So
--   does the version, if the record has been merged into another since, or has not.
WITH past AS (
    INSERT INTO history (record, version, modified, sealed)
    SELECT $1, $2, r.modified, r.sealed FROM (SELECT 1) AS one LEFT JOIN record r ON r.number = $1 AND r.version = $2
)
UPDATE record SET version = CASE WHEN merged = $6 THEN CAST($3 AS BIGINT) END, modified = $4, sealed = $5, merged = 0
WHERE number = $1 AND version = $2
