-- For: Refuses, unless a record is hidden at a version.
-- Runs: merge
-- Sample: 7, 3
-- Note: It comes after record-hide, which does nothing to a record that is gone. It never adds a row: there is no value.
INSERT INTO meta (name, value)
SELECT 'expected', (SELECT value FROM meta WHERE name = '')
WHERE NOT EXISTS (SELECT 1 FROM record WHERE number = $1 AND version = $2 AND merged = 1)
