package sealing

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Export writes the keyset encrypted for one age recipient (age1…). What age
// decrypts is a keyset file, which [Load] takes once it is saved with mode 0600.
// After an error the output is of no use.
func (k *Keyset) Export(w io.Writer, recipient string) error {
	recipients, err := age.ParseRecipients(strings.NewReader(recipient))
	if err != nil || len(recipients) != 1 {
		// Not shown: it might be the secret key, pasted by mistake.
		return errors.New("sealing: export keyset: not an age recipient (age1…)")
	}
	content, err := k.encode()
	if err != nil {
		return err
	}
	encrypted, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("sealing: export keyset: %w", err)
	}
	if _, err := encrypted.Write(content); err != nil {
		return fmt.Errorf("sealing: export keyset: %w", err)
	}
	if err := encrypted.Close(); err != nil {
		return fmt.Errorf("sealing: export keyset: %w", err)
	}
	return nil
}
