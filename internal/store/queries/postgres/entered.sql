-- For: Finds out whether the access log has any entry.
-- Runs: start, on a database that no keyset is tied to
SELECT EXISTS (SELECT 1 FROM audit)
