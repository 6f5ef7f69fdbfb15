-- For: Adds the tombstone of a person's erased entry in the directory.
-- Runs: erasure, of an entry in the directory
-- Sample: '80000000-0000-4000-8000-000000000000', 3, 1790000000000000, 'person-request', 'somebody', '\x0102', 4
-- Note: If the person's documents are no longer at the expected versions, the last version is NULL, which the table
--   refuses. Versions only grow, so their sum, each counted from 1, shows it.
INSERT INTO tombstone (kind, id, target, version, at, reason, by, mac)
VALUES (2, $1, $1, (SELECT max(version) FROM document WHERE owner_kind = 2 AND owner = $1
    HAVING max(version) = $2 AND sum(version + 1) = CAST($7 AS BIGINT)), $3, $4, $5, $6)
