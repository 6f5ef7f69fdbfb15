-- The time of the last change.
SELECT max(modified) FROM record
