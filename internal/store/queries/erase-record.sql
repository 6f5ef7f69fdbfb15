-- Removes the current version of a record that is erased.
DELETE FROM record WHERE number = $1
