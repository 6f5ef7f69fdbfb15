-- For: Leases a free lane of the access log for as long as the connection lives.
-- Runs: start, before the first entry; access-log entry, after a lost connection; finish-restore, for every lane
-- Sample: 8, '{0,1}', 1702
SELECT lane FROM generate_series(0, $1 - 1) AS lane WHERE NOT lane = ANY ($2) AND pg_try_advisory_lock($3, lane) LIMIT 1
