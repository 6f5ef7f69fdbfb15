-- Removes the records themselves.
DELETE FROM record WHERE number IN (SELECT number FROM gone)
