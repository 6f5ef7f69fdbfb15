-- For: Adds a record with its ids, its key and its entry in the National Insurance number index.
-- Runs: create
-- Sample: '80000000-0000-4000-8000-000000000000', '80000000-0000-4000-8000-000000000001', 0, 1790000000000000,
--   '\x0102', '\x0102', '\x0a0b'
-- Note: A taken id violates a key. The id of an erased record becomes NULL, which the table refuses.
WITH created AS (
    INSERT INTO record (id, target, version, modified, sealed)
    VALUES ((SELECT $1::uuid WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND id = $1)
        AND NOT EXISTS (SELECT 1 FROM tombstone WHERE kind = 1 AND target = $2 AND version >= $3)), $2, $3, $4, $5)
    RETURNING number
), named AS (
    INSERT INTO identifier (uuid, record)
    SELECT $1, number FROM created UNION ALL SELECT $2, number FROM created WHERE $1 <> $2::uuid
), indexed AS (
    INSERT INTO nino_index (keyed_hash, record) SELECT $7::bytea, number FROM created WHERE $7::bytea IS NOT NULL
)
INSERT INTO data_key (record, wrapped) SELECT number, $6 FROM created
