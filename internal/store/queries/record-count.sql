-- How many records there are.
SELECT count(*) FROM record
