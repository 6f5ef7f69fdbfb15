-- A new record; its ids have been taken for it.
INSERT INTO record (number, id, target, version, modified, sealed) VALUES ($1, $2, $3, $4, $5, $6)
