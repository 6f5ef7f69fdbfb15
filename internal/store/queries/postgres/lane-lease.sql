-- Leases a lane of the access log that no other process has, and this one not yet, for as long as the connection lives.
SELECT lane FROM generate_series(0, $1 - 1) AS lane WHERE NOT lane = ANY ($2) AND pg_try_advisory_lock($3, lane) LIMIT 1
