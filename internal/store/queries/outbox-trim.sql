-- Drops events that are past their retention.
DELETE FROM outbox WHERE position <= $1
