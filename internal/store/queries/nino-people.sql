-- For: Finds the people whose records have a National Insurance number, by its keyed hash.
-- Runs: search
-- Sample: '\x0a0b', 100
SELECT r.target FROM nino_index n JOIN record r ON r.number = n.record
WHERE n.keyed_hash = $1 AND r.merged = 0 LIMIT $2
