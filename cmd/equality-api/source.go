package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"equality-information-api/internal/sealing"
)

// standardInput is how standard input is named among the files.
const standardInput = "-"

// openSource opens a regular file, or standard input.
func openSource(ctx context.Context, path string) (*os.File, error) {
	if path != standardInput {
		return openInput(path)
	}
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) == 0 {
		return os.Stdin, err
	}
	// A pipe can be silent for ever: stop waiting for it when the command is stopped.
	if err := syscall.SetNonblock(syscall.Stdin, true); err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(syscall.Stdin), standardInput)
	context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Now()) })
	return f, nil
}

// source is the content of a file, uncompressed and decrypted.
type source struct {
	*bufio.Reader
	f     *os.File
	read  atomic.Int64 // how many of the file's own bytes; the reader is another goroutine
	plain bool         // the content is the file's own
}

// layers is how many times a file may be compressed or encrypted.
const layers = 2

// newSource returns the content of a file. identity may be nil.
func newSource(f *os.File, identity *sealing.Identity) (*source, error) {
	s := &source{f: f, plain: true}
	s.Reader = bufio.NewReaderSize(counter{s}, 64<<10)
	for range layers {
		head, err := s.Peek(sealing.AgeHead)
		if err != nil && err != io.EOF {
			return nil, withoutPath(err)
		}
		var opened io.Reader
		switch {
		case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
			opened, err = gzip.NewReader(s.Reader)
		case sealing.IsAge(head) && identity == nil:
			err = errors.New("the file is encrypted with age: open it with --identity FILE")
		case sealing.IsAge(head):
			if opened, err = identity.Decrypt(s.Reader); err != nil {
				err = fmt.Errorf("--identity: %w", err)
			}
		default:
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		s.Reader, s.plain = bufio.NewReaderSize(opened, 64<<10), false
	}
	return s, nil
}

// counter reads the file itself. Its errors have no paths.
type counter struct{ s *source }

func (c counter) Read(p []byte) (int, error) {
	n, err := c.s.f.Read(p)
	c.s.read.Add(int64(n))
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, withoutPath(err)
}

// skip skips content that an earlier run has read.
func (s *source) skip(n int64) error {
	if s.plain {
		buffered, err := s.Discard(int(min(n, int64(s.Buffered()))))
		if n -= int64(buffered); err != nil || n == 0 {
			return err
		}
		s.read.Add(n)
		_, err = s.f.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, s, n)
	return err
}
