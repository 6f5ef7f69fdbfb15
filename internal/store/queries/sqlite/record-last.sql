-- For: Reads the number of the last record, and the time of the last change up to a time.
-- Runs: start; change, or another write, after a wrong clock
-- Sample: 1790000000000000
SELECT (SELECT max(number) FROM record), (SELECT max(modified) FROM record WHERE modified <= $1)
