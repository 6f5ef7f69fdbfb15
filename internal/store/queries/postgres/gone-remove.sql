-- Removes records themselves.
DELETE FROM record WHERE number = ANY ($1)
