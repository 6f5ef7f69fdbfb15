-- Enters a record under the keyed hash of its National Insurance number.
INSERT INTO nino_index (keyed_hash, record) VALUES ($1, $2)
