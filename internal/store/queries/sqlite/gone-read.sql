-- The records to be removed, in their order.
SELECT id, version, counted FROM gone ORDER BY number
