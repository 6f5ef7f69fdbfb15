-- For: Adds the wrapped data key of an owner that is not a record.
-- Runs: create, of a document that is not a record; import, of people
-- Sample: 2, '80000000-0000-4000-8000-000000000000', '\x0102'
INSERT INTO owner_key (kind, owner, wrapped) VALUES ($1, $2, $3)
