package sealing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// identityFile writes a new identity to a file, and returns its recipient.
func identityFile(t *testing.T, mode os.FileMode) (path, recipient, secret string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "identity.txt")
	text := "# public key: " + identity.Recipient().String() + "\n" + identity.String() + "\n"
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path, identity.Recipient().String(), identity.String()
}

func TestWhatIsEncryptedOpensWithItsIdentityAlone(t *testing.T) {
	t.Parallel()
	path, recipient, secret := identityFile(t, 0o600)
	var file bytes.Buffer
	w, err := EncryptTo(&file, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "invented"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	identity, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := identity.Decrypt(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(opened); string(got) != "invented" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", identity, *identity, identity, identity); strings.Contains(text, secret) || strings.Contains(text, "0x") {
		t.Errorf("printed: %s", text)
	}
	otherPath, _, _ := identityFile(t, 0o600)
	other, err := LoadIdentity(otherPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Decrypt(bytes.NewReader(file.Bytes())); !errors.Is(err, ErrOtherIdentity) {
		t.Errorf("another identity: %v", err)
	}
	if _, err := identity.Decrypt(strings.NewReader("invented")); !errors.Is(err, ErrNotAge) {
		t.Errorf("not of age: %v", err)
	}
	short, err := identity.Decrypt(bytes.NewReader(file.Bytes()[:file.Len()-1]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(short); err == nil {
		t.Error("a file that is cut short is read")
	}
}

func TestIdentityFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	path, recipient, secret := identityFile(t, 0o640)
	if _, err := LoadIdentity(path); err == nil || !strings.Contains(err.Error(), "must be 0600") {
		t.Errorf("open to the group: %v", err)
	}
	if err := os.WriteFile(path, []byte("AGE-SECRET-KEY-1QQ\n"+secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentity(path); err == nil || strings.Contains(err.Error(), "QQ") {
		t.Errorf("not an identity: %v", err)
	}
	if _, err := LoadIdentity(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for _, wrong := range []string{"", secret, recipient + "\n" + recipient, "age1nobody"} {
		if _, err := EncryptTo(io.Discard, wrong); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("the recipient %.5s: %v", wrong, err)
		}
	}
}
