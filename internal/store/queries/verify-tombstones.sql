-- For: Reads all tombstones.
-- Runs: audit verify, with --records
SELECT kind, id, coalesce(target, id), version, at, reason, by, mac FROM tombstone
