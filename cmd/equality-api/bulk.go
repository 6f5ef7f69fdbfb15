package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
)

// never is a retention that nothing is past: a command drops nothing.
const never = 100 * 365 * 24 * time.Hour

// memoryLimit is what an import should live in; what goes through it is
// garbage as soon as it is stored.
const memoryLimit = 160 << 20

// steadyCollector has the garbage collector keep to the limit.
func steadyCollector() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// bulkStore is the open store of a command that reads or writes all of it.
type bulkStore struct {
	*service.Service
	access service.Access
	engine engine
	lock   io.Closer
}

// openFor opens the store for whoever runs a command, who may do this action.
// Only what makes versions of records needs rules.
func (p place) openFor(ctx context.Context, o output, rules *equality.Rules, action service.Action, permissions ...identity.Permission) (_ *bulkStore, err error) {
	s := &bulkStore{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	keys, err := p.dir().keyset()
	if err != nil {
		return nil, err
	}
	if s.lock, err = p.lock(); err != nil {
		return nil, err
	}
	var opened atomic.Bool
	s.engine, err = p.open(ctx, engineOptions{keys: keys, keyRetention: never, eventRetention: never, report: func(what string, err error) {
		if opened.Load() { // until then the error itself tells
			o.report(what, err)
		}
	}})
	if err == nil {
		err = s.engine.Ready(ctx) // a command does not wait for a database, as a server does
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	opened.Store(true)
	s.Service = service.New(s.engine, service.Options{Rules: rules, Keys: keys, Now: time.Now})
	s.access, err = s.Authorise(service.Request{Caller: operator().With(permissions...), CorrelationID: uuid.New()}, action)
	return s, err
}

func (s *bulkStore) close() (err error) {
	if s.engine != nil {
		err = s.engine.Close()
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// report tells of what the store tells where no caller waits for it.
func (o output) report(what string, err error) {
	if err != nil {
		fmt.Fprintf(o.err, "equality-api: %s: %v\n", what, err)
	}
}

// openInput opens a file to be read, which a directory or a pipe is not.
func openInput(path string) (*os.File, error) {
	// Opening a named pipe would otherwise wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, reason(err)), f.Close())
	}
	return f, nil
}

// fingerprint is of everything that makes an import the same one when it is resumed.
func fingerprint(ctx context.Context, f *os.File, options ...string) (string, error) {
	sum := sha256.New()
	for _, option := range options {
		fmt.Fprintf(sum, "%d:%s", len(option), option)
	}
	buf := make([]byte, 1<<20)
	for ctx.Err() == nil {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		if err == io.EOF {
			_, err = f.Seek(0, io.SeekStart)
			return fmt.Sprintf("import %x", sum.Sum(nil)), err
		}
		if err != nil {
			return "", reason(err)
		}
	}
	return "", ctx.Err()
}

// rejectFile is made when there is something to write to it. One that is there
// already belongs to another import and is left alone, unless this one goes on
// with it.
type rejectFile struct {
	path   string
	resume bool
	f      *os.File
}

func (r *rejectFile) Truncate(size int64) error {
	if r.f == nil {
		f, err := r.open(size)
		if err != nil || f == nil {
			return err
		}
		r.f = f
	}
	info, err := r.f.Stat()
	if err == nil && info.Size() < size {
		err = errors.New("the file is shorter than when the import stopped")
	}
	if err == nil {
		err = r.f.Truncate(size)
	}
	return r.failed(err)
}

// open opens the file that there has to be where it had something before.
func (r *rejectFile) open(size int64) (*os.File, error) {
	flags := os.O_RDWR | os.O_CREATE | os.O_EXCL
	if r.resume {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(r.path, flags, 0o600)
	if r.resume && size == 0 && errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	if errors.Is(err, fs.ErrExist) {
		err = errors.New("the file already exists: move it, or continue the import with --resume")
	}
	return f, r.failed(err)
}

func (r *rejectFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := r.f.WriteAt(p, off)
	return n, r.failed(err)
}

func (r *rejectFile) Sync() error { return r.failed(r.f.Sync()) }

func (r *rejectFile) failed(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, reason(err))
	}
	return nil
}

// close ends the writing. A file that holds nothing does not stay.
func (r *rejectFile) close() error {
	if r.f == nil {
		return nil
	}
	info, err := r.f.Stat()
	err = errors.Join(err, r.f.Close())
	if err == nil && info.Size() == 0 {
		err = os.Remove(r.path)
	}
	return err
}

// today is the day that dates are judged by.
func today() equality.Date { return equality.DateOf(time.Now()) }
