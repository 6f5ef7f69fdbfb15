-- For: Removes the records that were erased since they were backed up.
-- Runs: finish-restore
-- Sample: '{7,8}'
DELETE FROM record WHERE number = ANY ($1)
