-- For: Reads whether the access log has an entry.
-- Runs: start, on a database that no keyset is tied to
SELECT EXISTS (SELECT 1 FROM audit)
