-- For: Reads past versions of a document that is not a record, newest first, from one version down.
-- Runs: history, of a document that is not a record
-- Sample: 1, '80000000-0000-4000-8000-000000000000', 2, 'tenancy', 3, 100
SELECT version, modified, sealed FROM document_history
WHERE owner_kind = $1 AND owner = $2 AND kind = $3 AND name = $4 AND version <= $5 ORDER BY version DESC LIMIT $6
