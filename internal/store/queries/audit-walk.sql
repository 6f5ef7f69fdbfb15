-- A page of the access log, behind one entry, lane by lane, for verification.
SELECT lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, scope, count, format, object, object_name, roles, previous, touched, hash
FROM audit WHERE (lane, seq) > ($1, $2) ORDER BY lane, seq LIMIT $3
