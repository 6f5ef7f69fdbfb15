-- For: Moves the expected version of a document that is not a record to the history.
-- Runs: change, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy', 3, 0
-- Note: If it is no longer the current version there is nothing to move, which the table refuses.
INSERT INTO document_history (owner_kind, owner, kind, name, version, modified, sealed)
SELECT d.owner_kind, d.owner, d.kind, d.name, d.version, d.modified, d.sealed
FROM (SELECT 1 AS one) AS one LEFT JOIN document d
    ON d.owner_kind = $1 AND d.owner = $2 AND d.kind = $3 AND d.name = $4 AND d.version = $5 AND d.merged = $6
