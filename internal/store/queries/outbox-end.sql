-- For: Reads the feed's epoch, its floor and the position of its last event, all at one moment.
-- Runs: start, to index people
SELECT (SELECT value FROM meta WHERE name = 'feed-epoch'), (SELECT value FROM meta WHERE name = 'feed-floor'),
    (SELECT max(position) FROM outbox)
