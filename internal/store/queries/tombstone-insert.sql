-- Leaves a tombstone of a record that is erased. Where that is no longer at the version expected there is no last version,
-- which the table refuses.
INSERT INTO tombstone (id, target, version, at, reason, by, mac)
VALUES ($1, $2, (SELECT version FROM record WHERE number = $8 AND version = $3), $4, $5, $6, $7)
