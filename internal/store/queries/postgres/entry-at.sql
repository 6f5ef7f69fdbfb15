-- The hash of one entry of the access log, which tells whether a transaction whose end is unknown was committed.
SELECT hash FROM audit WHERE lane = $1 AND seq = $2
