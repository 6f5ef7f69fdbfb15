package sealing

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// ErrOtherIdentity means that a file was encrypted for a different age identity.
var ErrOtherIdentity = errors.New("it was encrypted for another identity")

// ErrNotAge means that a file is not an age file, or that its header is damaged.
var ErrNotAge = errors.New("it is not an age file")

// EncryptTo returns a writer that encrypts for one age recipient (age1…); only its identity
// can open the result. The result is complete once the writer is closed.
func EncryptTo(w io.Writer, recipient string) (io.WriteCloser, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(recipient))
	if err != nil || len(recipients) != 1 {
		// Do not show it: it may be the secret key, pasted by mistake.
		return nil, errors.New("not an age recipient (age1…)")
	}
	return age.Encrypt(w, recipients...)
}

// An Identity opens files that were encrypted for its age recipient.
type Identity struct{ identities []age.Identity }

// LoadIdentity reads an age identity file in the form that age-keygen writes. It refuses a
// file that group or others can access, but accepts a pipe. Errors name the path, and never
// contain anything from the file.
func LoadIdentity(path string) (*Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("identity file %s is open to group or others (mode %04o); it must be 0600", path, mode.Perm())
	}
	identities, err := age.ParseIdentities(io.LimitReader(f, maxFileSize))
	if err != nil {
		return nil, fmt.Errorf("identity file %s does not hold an age identity (AGE-SECRET-KEY-…)", path)
	}
	return &Identity{identities}, nil
}

// AgeHead is how much of a file IsAge needs.
const AgeHead = len(armor.Header)

// IsAge says whether a file with this beginning is an age file, as bytes or as text.
func IsAge(head []byte) bool {
	return bytes.HasPrefix(head, []byte("age-encryption.org/")) || bytes.HasPrefix(head, []byte(armor.Header))
}

// Decrypt returns a reader of the plaintext of an age file, as bytes or as text (age
// --armor). Errors: [ErrOtherIdentity], [ErrNotAge]. An
// error while reading means that the file is damaged or incomplete.
func (i *Identity) Decrypt(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	r = buffered
	if head, _ := buffered.Peek(AgeHead); string(head) == armor.Header {
		r = armor.NewReader(buffered)
	}
	opened, err := age.Decrypt(r, i.identities...)
	switch {
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return nil, ErrOtherIdentity
	case err != nil:
		return nil, ErrNotAge
	}
	return opened, nil
}

const redactedIdentity = "sealing.Identity(redacted)"

// Format hides the identity from every verb of package fmt.
func (Identity) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, redactedIdentity) }
