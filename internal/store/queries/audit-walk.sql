-- For: Reads a page of the access log after one entry, lane by lane.
-- Runs: audit verify
-- Sample: 3, 1000, 1000
SELECT lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, scope, count, format, object, object_name, roles, previous, touched, hash
FROM audit WHERE (lane, seq) > (CAST($1 AS BIGINT), $2) ORDER BY lane, seq LIMIT $3
