-- For: Keeps others from writing documents from the moment that an import looks for people's entries.
-- Runs: import, of people
-- Note: A batch takes a fraction of a second, and whoever waits gets the lock after it.
LOCK TABLE document IN SHARE ROW EXCLUSIVE MODE
