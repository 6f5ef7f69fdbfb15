-- One of the records that an entry about several of them touched.
INSERT INTO audit_target (lane, seq, place, record) VALUES ($1, $2, $3, $4)
