-- For: Writes the next version in place of the expected one.
-- Runs: change
-- Sample: 7, 3, 4, 1790000000000000, '\\x0102'
UPDATE record SET version = $3, modified = $4, sealed = $5, merged = 0 WHERE number = $1 AND version = $2
