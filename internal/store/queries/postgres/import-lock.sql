-- For: Keeps others from erasing records from the moment that an import looks for ids.
-- Runs: import
LOCK TABLE record IN ROW EXCLUSIVE MODE
