-- Destroys the data key of a record that is erased.
DELETE FROM data_key WHERE record = $1
