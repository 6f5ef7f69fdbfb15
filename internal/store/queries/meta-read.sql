-- For: Reads a value that belongs to the whole database.
-- Runs: start; events, for the epoch and the floor; publishing to a topic; import, before its first batch; backup;
--   audit verify
-- Sample: 'keyset-check'
SELECT value FROM meta WHERE name = $1
