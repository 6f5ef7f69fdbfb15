-- For: Reads the records to remove, in their order.
-- Runs: restore
SELECT id, version, counted FROM gone ORDER BY number
