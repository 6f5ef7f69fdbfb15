-- For: Copies the current version to the history, if it is still the expected one, and is hidden by a merge or not, as expected.
-- Runs: change
-- Sample: 7, 3, 0
INSERT INTO history (record, version, modified, sealed)
SELECT number, version, modified, sealed FROM record WHERE number = $1 AND version = $2 AND merged = $3
