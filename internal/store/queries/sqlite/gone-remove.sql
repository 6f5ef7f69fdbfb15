-- For: Removes the records that were erased since they were backed up.
-- Runs: restore
DELETE FROM record WHERE number IN (SELECT number FROM gone)
