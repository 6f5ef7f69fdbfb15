-- Frees the ids of a record that is erased.
DELETE FROM identifier WHERE uuid IN ($1, $2) AND record = $3
