-- For: Removes keys of owners that are not records and have no document.
-- Runs: finish-restore
-- Note: In a restored database these are the keys of people who came to the directory after the backup.
DELETE FROM owner_key k WHERE NOT EXISTS (SELECT 1 FROM document d WHERE d.owner_kind = k.kind AND d.owner = k.owner)
