-- Whether an id belonged to a record that was erased, and its last version.
SELECT version FROM tombstone WHERE id = $1
