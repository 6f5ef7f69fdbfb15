-- Takes an id that was found to be free for a record.
INSERT INTO identifier (uuid, record) VALUES ($1, $2)
