-- For: Adds the wrapped data key of a new record.
-- Runs: create; import
-- Sample: 7, '\x0102'
INSERT INTO data_key (record, wrapped) VALUES ($1, $2)
