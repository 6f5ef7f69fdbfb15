-- One event of the feed.
INSERT INTO outbox (id, at, type, record, target, version, members, correlation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
