-- The last entry of a lane.
SELECT seq, hash FROM audit WHERE lane = $1 ORDER BY seq DESC LIMIT 1
