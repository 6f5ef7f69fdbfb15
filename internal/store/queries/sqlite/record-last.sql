-- The number of the last record, and the time of the last change.
SELECT (SELECT max(number) FROM record), (SELECT max(modified) FROM record)
