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
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

// never is a retention so long that a command deletes nothing.
const never = 100 * 365 * 24 * time.Hour

// memoryLimit is how much memory an import should use. Its data is garbage as
// soon as it is stored.
const memoryLimit = 160 << 20

// steadyCollector makes the garbage collector keep to memoryLimit.
func steadyCollector() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// bulkStore is the open store of a command that works on all records.
type bulkStore struct {
	*service.Service
	access service.Access
	engine engine
	lock   *dirLock
}

// reference are the code lists, and the rules for records that come from them.
func reference(options ...refdata.Option) (*refdata.Lists, *equality.Rules, error) {
	lists, err := refdata.Load(options...)
	if err != nil {
		return nil, nil, err
	}
	rules, err := equality.NewRules(lists)
	return lists, rules, err
}

// openFor opens the store for whoever runs a command, who may do this action
// and has these further permissions. Only what makes or shows versions of records needs rules.
func (s storage) openFor(ctx context.Context, o output, rules *equality.Rules, action service.Action, further ...identity.Permission) (_ *bulkStore, err error) {
	b := &bulkStore{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	keys, err := s.dir().keyset()
	if err != nil {
		return nil, err
	}
	if b.lock, err = s.lock(); err != nil {
		return nil, err
	}
	var opened atomic.Bool
	b.engine, err = s.open(ctx, engineOptions{keys: keys, lock: b.lock, keyRetention: never, eventRetention: never, report: func(what string, err error) {
		if opened.Load() { // before that, the command returns the error
			o.report(what, err)
		}
	}})
	if err == nil {
		err = b.engine.Ready(ctx) // a command does not wait for a database, as a server does
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	opened.Store(true)
	b.Service = service.New(b.engine, service.Options{Rules: rules, Keys: keys, Now: time.Now})
	caller := operator().With(action.Permission()).With(further...)
	b.access, err = b.Authorise(ctx, service.Request{Caller: caller, CorrelationID: uuid.New()}, action)
	return b, err
}

func (b *bulkStore) close() (err error) {
	if b.engine != nil {
		err = b.engine.Close()
	}
	return errors.Join(err, b.lock.Close())
}

// report prints errors of the store that no caller waits for.
func (o output) report(what string, err error) {
	if err != nil {
		fmt.Fprintf(o.err, "equality-api: %s: %v\n", what, err)
	}
}

// openInput opens a regular file for reading.
func openInput(path string) (*os.File, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, withoutPath(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, withoutPath(err)), f.Close())
	}
	return f, nil
}

// fingerprint identifies an import by its file's content and its options, so that it can be resumed.
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
			return "", withoutPath(err)
		}
	}
	return "", ctx.Err()
}

// reportFile is created when there is something to write. An existing file
// belongs to another import and is not touched, unless this import continues it.
type reportFile struct {
	path   string
	resume bool
	f      *os.File
}

func (r *reportFile) Truncate(size int64) error {
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

// open opens the file, which must exist if it held something before.
func (r *reportFile) open(size int64) (*os.File, error) {
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

func (r *reportFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := r.f.WriteAt(p, off)
	return n, r.failed(err)
}

func (r *reportFile) Sync() error { return r.failed(r.f.Sync()) }

func (r *reportFile) failed(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, withoutPath(err))
	}
	return nil
}

// close closes the file, and removes it if it is empty.
func (r *reportFile) close() error {
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

// today is the day that dates are checked against.
func today() equality.Date { return equality.DateOf(time.Now()) }
