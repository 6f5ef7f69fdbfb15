package sealing

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// ErrOtherIdentity says that a file was encrypted to another age recipient
// than that of the identity.
var ErrOtherIdentity = errors.New("sealing: it was encrypted for another identity")

// ErrNotAge says that a file is not one of age's, or that its head is damaged.
var ErrNotAge = errors.New("sealing: it is not an age file")

// EncryptTo gives a writer for one age recipient (age1…), whose identity alone
// opens what is written. It is whole once the writer has been closed.
func EncryptTo(w io.Writer, recipient string) (io.WriteCloser, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(recipient))
	if err != nil || len(recipients) != 1 {
		// Not shown: it might be the secret key, pasted by mistake.
		return nil, errors.New("not an age recipient (age1…)")
	}
	return age.Encrypt(w, recipients...)
}

// An Identity opens what was encrypted to its age recipient.
type Identity struct{ identities []age.Identity }

// LoadIdentity reads an age identity file, as age-keygen writes it. One that
// others than its owner have access to is refused; a pipe will do. Errors name
// the path and never what the file holds.
func LoadIdentity(path string) (*Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sealing: identity file: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("sealing: identity file: %w", err)
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("sealing: identity file %s is open to group or others (mode %04o); it must be 0600", path, mode.Perm())
	}
	identities, err := age.ParseIdentities(io.LimitReader(f, maxFileSize))
	if err != nil {
		return nil, fmt.Errorf("sealing: identity file %s does not hold an age identity (AGE-SECRET-KEY-…)", path)
	}
	return &Identity{identities}, nil
}

// Decrypt gives what was encrypted. Errors: [ErrOtherIdentity], [ErrNotAge];
// one that comes while reading means that it was damaged or cut short.
func (i *Identity) Decrypt(r io.Reader) (io.Reader, error) {
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
