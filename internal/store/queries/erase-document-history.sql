-- For: Removes the past versions of an erased record's or person's documents.
-- Runs: erasure; restore; finish-restore
-- Sample: 1, '80000000-0000-4000-8000-000000000000'
DELETE FROM document_history WHERE owner_kind = $1 AND owner = $2
