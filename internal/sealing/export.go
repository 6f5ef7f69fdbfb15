package sealing

import (
	"fmt"
	"io"
)

// Export writes the keyset, encrypted for one age recipient (age1…). Decrypted with age, it
// is a keyset file, which [Load] accepts once its mode is 0600. After an error the output
// is useless.
func (k *Keyset) Export(w io.Writer, recipient string) error {
	content, err := k.encode()
	if err != nil {
		return err
	}
	encrypted, err := EncryptTo(w, recipient)
	if err != nil {
		return fmt.Errorf("export keyset: %w", err)
	}
	if _, err := encrypted.Write(content); err != nil {
		return fmt.Errorf("export keyset: %w", err)
	}
	if err := encrypted.Close(); err != nil {
		return fmt.Errorf("export keyset: %w", err)
	}
	return nil
}
