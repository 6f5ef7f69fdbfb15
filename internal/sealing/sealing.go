// Package sealing keeps personal data unreadable without the keyset. It owns the keyset and
// its file, data keys, the kinds and formats of sealed documents, keyed hashes and sealed
// cursors.
//
// There are three levels of keys. The [Keyset] is read once, at start. Its key-encryption
// key wraps data keys, inside the process. A [DataKey], one for each owner, seals all
// documents of that [Owner], for example a record's current and past versions and its
// extended documents. Destroying the wrapped data key therefore erases all of them.
//
// The package does not store wrapped keys or blobs, know the content of a document, or
// decide who may open it. It logs nothing, and its errors and printed values contain no key
// material or plaintext.
package sealing

import "errors"

// ErrTampered means that something sealed was refused: it was altered, is incomplete, has
// an unknown format, or was sealed with another key or for another owner, kind, version,
// name or purpose. It never says which, because that would help a forger.
var ErrTampered = errors.New("altered, or sealed under another key or for another purpose")
