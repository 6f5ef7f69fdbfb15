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
// It is a MAC of a fixed label under every MAC key, encrypted under the primary
// key-encryption key, and so proves all of them. A keyset with a further
// key-encryption key still verifies it. Once every data key has been re-wrapped
// a rotation must store a new value: until then a keyset without the old key is
// refused, and from then on one without the new key.
func (k *Keyset) CheckValue() []byte {
	return must(k.kek.Encrypt(k.checkMACs(), []byte(checkLabel)))
}

// VerifyCheckValue returns nil if the keyset opens what the keyset that made
// the value sealed, and [ErrWrongKeyset] otherwise, also for a damaged value.
func (k *Keyset) VerifyCheckValue(value []byte) error {
	macs, err := k.kek.Decrypt(value, []byte(checkLabel))
	if err != nil || subtle.ConstantTimeCompare(macs, k.checkMACs()) != 1 {
		return ErrWrongKeyset
	}
	return nil
}

func (k *Keyset) checkMACs() []byte {
	var macs []byte
	for name := range MACKey(macKeys) {
		m := k.MAC(name, []byte(checkLabel))
		macs = append(macs, m[:]...)
	}
	return macs
}
