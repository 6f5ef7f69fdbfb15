-- For: Removes the documents of an erased record or person.
-- Runs: erasure; restore; finish-restore
-- Sample: 1, '80000000-0000-4000-8000-000000000000'
DELETE FROM document WHERE owner_kind = $1 AND owner = $2
