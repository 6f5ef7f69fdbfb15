package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"equality-information-api/internal/bulk"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
)

type exportCommand struct {
	storage   `embed:""`
	Format    string `enum:"ndjson,csv,persons-ndjson,persons-csv" default:"ndjson" help:"Format of the export: records in ndjson or csv, or the people of the directory in persons-ndjson or persons-csv."`
	Output    string `default:"-" placeholder:"FILE" help:"File to write; - is standard output. An existing file is never overwritten."`
	EncryptTo string `placeholder:"age1…" help:"Age recipient to encrypt the export for."`
}

func (c exportCommand) Run(ctx context.Context, o output) (err error) {
	recipient, err := c.recipient()
	if err != nil {
		return err
	}
	_, rules, err := reference()
	if err != nil {
		return err
	}
	s, err := c.openFor(ctx, o, rules, service.Export, identity.NINORead, identity.PersonRead)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if recipient == nil {
		fmt.Fprintln(o.err, "equality-api: the export is not encrypted, so anyone who has it can read everything: see --encrypt-to")
	}
	out, finish, err := c.output(o)
	if err != nil {
		return err
	}
	n, err := c.write(ctx, o, s, out, recipient)
	if err = finish(err); err != nil {
		return err
	}
	fmt.Fprintf(o.err, "%s %s exported\n", grouped(n), itemsOf(c.Format))
	return nil
}

func (c exportCommand) recipient() (age.Recipient, error) {
	if c.EncryptTo == "" {
		return nil, nil
	}
	recipients, err := age.ParseRecipients(strings.NewReader(c.EncryptTo))
	if err != nil || len(recipients) != 1 {
		// Do not repeat it: it might be the secret key, pasted by mistake.
		return nil, errors.New("--encrypt-to: not an age recipient (age1…)")
	}
	return recipients[0], nil
}

// output opens the export's file. finish completes it, or removes it if writing
// has failed.
func (c exportCommand) output(o output) (w io.Writer, finish func(error) error, err error) {
	if c.Output == "-" {
		return o.out, func(err error) error { return err }, nil
	}
	failed := func(err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", c.Output, withoutPath(err))
		}
		return nil
	}
	if _, err := os.Lstat(c.Output); err == nil {
		return nil, nil, failed(errors.New("the file already exists and is never overwritten"))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, failed(err)
	}
	f, err := os.CreateTemp(filepath.Dir(c.Output), ".export-*") // mode 0600
	if err != nil {
		return nil, nil, failed(err)
	}
	return f, func(err error) error {
		if err == nil {
			err = failed(f.Sync())
		}
		err = errors.Join(err, f.Close())
		if err == nil { // a link, because a rename would replace an existing file
			var link *os.LinkError
			if errors.As(os.Link(f.Name(), c.Output), &link) {
				err = failed(link.Err)
			}
		}
		return errors.Join(err, os.Remove(f.Name()))
	}, nil
}

// write writes every record, or every person, and returns how many there are.
func (c exportCommand) write(ctx context.Context, o output, s *bulkStore, out io.Writer, recipient age.Recipient) (n int64, err error) {
	scope := c.Format
	var sealed io.WriteCloser
	if recipient != nil {
		if sealed, err = age.Encrypt(out, recipient); err != nil {
			return 0, err
		}
		out, scope = sealed, scope+" encrypted"
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	var m *meter
	next := func(total int64) {
		if m == nil {
			m = newMeter(o.err, "export", itemsOf(c.Format), total)
		}
		if n++; n%1000 == 0 {
			m.at(n, n)
		}
	}
	if bulk.OfPersons(c.Format) {
		encoder := bulk.Persons.Encoder(c.Format, buffered)
		err = s.WriteOutPersons(ctx, s.access, scope, func(total int64, v service.Entry) error {
			next(total)
			return encoder.Encode(v.Version, v.Modified, v.Person)
		})
		err = cmp.Or(err, encoder.End())
	} else {
		encoder := bulk.Records.Encoder(c.Format, buffered)
		err = s.WriteOut(ctx, s.access, scope, func(total int64, v service.Shown) error {
			next(total)
			return encoder.Encode(v.Version, v.Modified, v.Record)
		})
		err = cmp.Or(err, encoder.End())
	}
	if m != nil {
		m.end()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil && sealed != nil {
		err = sealed.Close()
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = bulk.ErrInterrupted
	}
	return n, err
}
