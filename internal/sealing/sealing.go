// Package sealing keeps personal data unreadable without the keyset: it owns
// the keyset and its file, the data key of each record, the format of sealed
// blobs, keyed hashes and sealed cursors.
//
// There are three levels of keys. The [Keyset] is read once at start. Its
// key-encryption key wraps data keys in the process. A [DataKey], one a record,
// seals that record's document, past versions and extended documents, so that
// destroying the wrapped data key erases all of them.
//
// The package does not store wrapped keys or blobs, know what a document
// holds, or decide who may open it. It does no logging, and nothing it returns
// as an error or prints holds key material or plaintext.
package sealing

import "errors"

// ErrTampered says that something sealed was refused: altered, cut short, of an
// unknown format, or sealed under another key or for another record, kind,
// version or purpose. It never says which, as the answer would help a forger.
var ErrTampered = errors.New("sealing: altered, or sealed under another key or for another purpose")
