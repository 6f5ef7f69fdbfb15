-- Whether there are events without a position, and the last position there is.
SELECT EXISTS (SELECT 1 FROM outbox WHERE position IS NULL), (SELECT max(position) FROM outbox)
