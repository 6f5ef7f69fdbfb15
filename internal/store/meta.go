package store

// The names of what belongs to the database as a whole.
const (
	MetaKeyset = "keyset-check" // the keyset's check value
	MetaEpoch  = "feed-epoch"   // 16 bytes; a restore begins a new one
	MetaFloor  = "feed-floor"   // the last position dropped from the feed, 8 bytes big-endian
	// MetaMark goes before the name of a mark.
	MetaMark = "mark:"
)
