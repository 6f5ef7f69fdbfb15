-- Takes a record's id and its target's for it; a unique violation means that one is taken.
INSERT INTO identifier (uuid, record) VALUES ($1, $3), ($2, $3)
