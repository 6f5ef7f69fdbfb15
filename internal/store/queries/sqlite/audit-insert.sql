-- For: Adds one entry to the access log.
-- Runs: access-log entry; backup; restore
-- Sample: 3, 1001, '80000000-0000-4000-8000-00000000000e', 1790000000000000, 'officer-1', 'Officer', 'person',
--   'equality:read', 'casework', 'read', '80000000-0000-4000-8000-000000000001',
--   '80000000-0000-4000-8000-000000000000', 4, 'ageGroup', 'done', 200,
--   '80000000-0000-4000-8000-00000000000c', '\x0102', '', '', 0, 3, 'record', '', 'officer', '', '', '\x0a0b'
INSERT INTO audit (lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version,
    members, outcome, status, correlation, address, document, scope, count, format, object, object_name, roles, previous, touched, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
