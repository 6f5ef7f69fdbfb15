-- For: Refuses, unless a record is at a version, and hidden by a merge or not as expected.
-- Runs: merge
-- Sample: 7, 3, 1
-- Note: It comes after record-hide, which does nothing to a record that is gone. It never adds a row: there is no value.
INSERT INTO meta (name, value)
SELECT 'expected', (SELECT value FROM meta WHERE name = '')
WHERE NOT EXISTS (SELECT 1 FROM record WHERE number = $1 AND version = $2 AND merged = $3)
