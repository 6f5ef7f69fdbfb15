-- Leases those of a process's lanes again, after a lost connection, that no other process has taken meanwhile.
SELECT lane FROM unnest($1::integer[]) AS lane WHERE pg_try_advisory_lock($2, lane)
