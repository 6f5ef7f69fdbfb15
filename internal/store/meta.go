package store

// The names of values that belong to the whole database.
const (
	MetaKeyset = "keyset-check" // the keyset's check value
	MetaEpoch  = "feed-epoch"   // 16 bytes; a restore begins a new one
	MetaFloor  = "feed-floor"   // the last position dropped from the feed, 8 bytes big-endian
	// MetaMark comes before the name of a mark.
	MetaMark = "mark:"
)
