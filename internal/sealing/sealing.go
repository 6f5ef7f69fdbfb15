// Package sealing keeps personal data unreadable without the keyset: it owns
// the keyset and its file, data keys, the kinds and formats of sealed documents,
// keyed hashes and sealed cursors.
//
// There are three levels of keys. The [Keyset] is read once at start. Its
// key-encryption key wraps data keys in the process. A [DataKey], one an owner,
// seals all documents of that [Owner], such as a record's current and past
// versions and extended documents, so that destroying the wrapped data key
// erases all of them.
//
// The package does not store wrapped keys or blobs, know what a document
// holds, or decide who may open it. It does no logging, and nothing it returns
// as an error or prints holds key material or plaintext.
package sealing

import "errors"

// ErrTampered says that something sealed was refused: altered, cut short, of an
// unknown format, or sealed under another key or for another owner, kind,
// version, name or purpose. It never says which, as the answer would help a forger.
var ErrTampered = errors.New("sealing: altered, or sealed under another key or for another purpose")
