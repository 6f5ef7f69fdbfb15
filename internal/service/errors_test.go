package service

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"equality-information-api/internal/store"
)

// Commands print an error on one line.
func TestAnOutageIsToldOnOneLine(t *testing.T) {
	t.Parallel()
	err := foreign(fmt.Errorf("%w: no space left", store.ErrUnavailable))
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%q", err)
	}
}
