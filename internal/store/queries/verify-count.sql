-- How many versions are stored, current and past.
SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM history)
