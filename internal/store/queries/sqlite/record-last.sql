-- For: Reads the number of the last record and the time of the last change.
-- Runs: start
SELECT (SELECT max(number) FROM record), (SELECT max(modified) FROM record)
