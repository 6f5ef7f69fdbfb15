-- The list has been done.
DROP TABLE gone
