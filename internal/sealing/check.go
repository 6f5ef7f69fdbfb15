package sealing

import (
	"crypto/subtle"
	"errors"
)

// ErrWrongKeyset means that the keyset did not make the check value, and is not a rotation
// of the keyset that did.
var ErrWrongKeyset = errors.New("this is not the keyset of this database")

// checkLabel is the text that the check value authenticates.
const checkLabel = "equality-information keyset check"

// CheckValue returns a value to store in the database, so that the program refuses to start
// with a keyset that cannot open the database. The value reveals nothing about the keys,
// and is different each time.
//
// It is a MAC of a fixed label under every MAC key, in the order of the constants and up to
// the first that is missing, encrypted under the primary key-encryption key. It therefore
// proves all of these keys. A keyset with one more key-encryption key still verifies the
// value. A rotation must store a new value once every data key is re-wrapped: before that,
// a keyset without the old key is refused; after that, a keyset without the new key.
//
// A keyset that gains MAC keys also still verifies the value, and the stored value stays
// the same, so that programs without the new keys continue to run. The value need not cover
// the new keys, because they are derived from a key that it covers.
func (k *Keyset) CheckValue() []byte {
	return must(k.kek.Encrypt(k.checkMACs(), []byte(checkLabel)))
}

// VerifyCheckValue returns nil if the keyset can open what was sealed by the keyset that
// made the value. Otherwise, and for a damaged value, it returns [ErrWrongKeyset]. The
// keyset may have more keys than the value covers. The value may also cover keys of a later
// program, but the keyset must have them all, and the same ones.
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
