-- Takes an id for a record; a unique violation means that it is taken.
INSERT INTO identifier (uuid, record) VALUES ($1, $2)
