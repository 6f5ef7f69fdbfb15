-- The wrapped data key of a new record.
INSERT INTO data_key (record, wrapped) VALUES ($1, $2)
