package sealing

import (
	"fmt"
	"io"
)

// Export writes the keyset encrypted for one age recipient (age1…). What age
// decrypts is a keyset file, which [Load] takes once it is saved with mode 0600.
// After an error the output is of no use.
func (k *Keyset) Export(w io.Writer, recipient string) error {
	content, err := k.encode()
	if err != nil {
		return err
	}
	encrypted, err := EncryptTo(w, recipient)
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
