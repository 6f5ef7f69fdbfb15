-- For: Destroys the data key of an owner that is not a record.
-- Runs: erasure, of an entry in the directory; restore; finish-restore
-- Sample: 2, '80000000-0000-4000-8000-000000000000'
DELETE FROM owner_key WHERE kind = $1 AND owner = $2
