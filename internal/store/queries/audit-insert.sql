-- One entry of the access log, behind the one before it.
INSERT INTO audit (lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, scope, count, format, object, object_name, roles, previous, touched, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
