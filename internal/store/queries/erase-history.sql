-- Removes the past versions of a record that is erased.
DELETE FROM history WHERE record = $1
