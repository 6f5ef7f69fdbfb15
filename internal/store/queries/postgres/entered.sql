-- For: Finds out whether the access log has any entry.
-- Runs: start, on a database without a check value for its keyset
SELECT EXISTS (SELECT 1 FROM audit)
