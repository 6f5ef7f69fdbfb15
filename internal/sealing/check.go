package sealing

import (
	"crypto/subtle"
	"errors"
)

// ErrWrongKeyset says that the keyset is not the one a check value was made
// with, nor a rotation of it.
var ErrWrongKeyset = errors.New("sealing: this is not the keyset of this database")

// checkLabel is what the check value authenticates.
const checkLabel = "equality-information keyset check"

// CheckValue returns a value to keep in the database, so that the program
// refuses to start with a keyset that cannot open it. It says nothing about
// the keys, and differs each time it is made.
//
// It is a MAC of a fixed label under every MAC key, in the order of the
// constants and up to the first that is missing, encrypted under the primary
// key-encryption key, and so proves all of them. A keyset with a further
// key-encryption key still verifies it. Once every data key has been re-wrapped
// a rotation must store a new value: until then a keyset without the old key is
// refused, and from then on one without the new key.
//
// A keyset that gains MAC keys still verifies it too, and the stored value stays
// as it is: programs and servers that do not have the new keys yet go on. The
// value need not cover them, since they are derived from a key that it covers.
func (k *Keyset) CheckValue() []byte {
	return must(k.kek.Encrypt(k.checkMACs(), []byte(checkLabel)))
}

// VerifyCheckValue returns nil if the keyset opens what the keyset that made
// the value sealed, and [ErrWrongKeyset] otherwise, also for a damaged value.
// The keyset may have more keys than the value covers, and the value may cover
// keys of a later program, but none that the keyset lacks or has another of.
func (k *Keyset) VerifyCheckValue(value []byte) error {
	covered, err := k.kek.Decrypt(value, []byte(checkLabel))
	if err != nil || len(covered) < int(firstMACKeys)*macSize {
		return ErrWrongKeyset
	}
	covered = covered[:min(len(covered), macKeys*macSize)]
	own := k.checkMACs()
	if len(own) < len(covered) || subtle.ConstantTimeCompare(covered, own[:len(covered)]) != 1 {
		return ErrWrongKeyset
	}
	return nil
}

func (k *Keyset) checkMACs() []byte {
	var macs []byte
	for name := range MACKey(macKeys) {
		if k.macs[name] == nil {
			break
		}
		m := k.MAC(name, []byte(checkLabel))
		macs = append(macs, m[:]...)
	}
	return macs
}
