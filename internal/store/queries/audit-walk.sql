-- The access log from its beginning, lane by lane, for verification.
SELECT lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, hash
FROM audit ORDER BY lane, seq
