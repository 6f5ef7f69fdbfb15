-- For: Adds the tombstone of an erased record.
-- Runs: erasure
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 3, 1790000000000000, 'person-request', 'somebody', '\x0102', 7
-- Note: If the record is no longer at the expected version, the last version is NULL, which the table refuses.
INSERT INTO tombstone (kind, id, target, version, at, reason, by, mac)
VALUES (1, $1, $2, (SELECT version FROM record WHERE number = $8 AND version = $3), $4, $5, $6, $7)
