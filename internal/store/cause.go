package store

// A Cause is why the store cannot be used, in words that /readyz shows to anybody.
type Cause string

func (c Cause) Error() string { return string(c) }
