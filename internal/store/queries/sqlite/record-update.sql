-- For: Writes the next version in place of the expected one.
-- Runs: change
-- Sample: 7, 3, 4, 1790000000000000, '\x0102', 0
-- Note: The version refuses the NULL if the record has been merged into another since, or has not.
UPDATE record SET version = CASE WHEN merged = $6 THEN CAST($3 AS BIGINT) END, modified = $4, sealed = $5, merged = 0
WHERE number = $1 AND version = $2
