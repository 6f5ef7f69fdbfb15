-- Refuses a transaction unless the entry that it appends to stands in the log: a server that was put back, or took over, may
-- not have it. An entry without a lane is none, which the table refuses.
INSERT INTO audit (lane) SELECT NULL::integer WHERE NOT EXISTS (SELECT 1 FROM audit WHERE lane = $1 AND seq = $2 AND hash = $3)
