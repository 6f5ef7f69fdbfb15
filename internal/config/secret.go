package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
)

const (
	minSecret = 32      // bytes
	maxSecret = 4 << 10 // bytes
	redacted  = "[redacted]"
)

// Secret holds bytes that are never printed: fmt, slog and encoding/json write
// "[redacted]".
type Secret []byte

// Format writes "[redacted]" whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalText writes "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// ReadSecret reads a file that holds a secret of at least 32 bytes, without the newline at
// its end. It must be a regular file that only its owner can access. Errors contain neither
// the path nor anything from the file.
func ReadSecret(path string) (Secret, error) {
	data, err := readPrivate(path)
	if err == nil && len(data) < minSecret {
		return nil, fmt.Errorf("the secret is under %d bytes", minSecret)
	}
	return data, err
}

func readPrivate(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	if err := private(f); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if rest, ok := bytes.CutSuffix(data, []byte("\n")); ok {
		data = bytes.TrimSuffix(rest, []byte("\r"))
	}
	if len(data) > maxSecret {
		return nil, fmt.Errorf("the secret is over %d bytes", maxSecret)
	}
	return data, nil
}

// tokenForm is the form of a token that a header can hold (RFC 6750, 2.1).
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// ReadToken reads a file that holds a token, as ReadSecret reads a secret. How long a token
// is, its issuer decides.
func ReadToken(path string) (Secret, error) {
	token, err := readPrivate(path)
	if err == nil && !tokenForm.Match(token) {
		return nil, errors.New("it must hold the token alone, without Bearer or another word before it")
	}
	return token, err
}

// private checks the open file, because the path could lead to another file by now.
func private(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return withoutPath(err)
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Mode().Perm()&0o077 != 0:
		return errors.New("group or others can access it: set its mode to 0600")
	}
	return nil
}
