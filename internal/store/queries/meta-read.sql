-- A value that belongs to the database as a whole.
SELECT value FROM meta WHERE name = $1
