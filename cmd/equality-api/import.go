package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"equality-information-api/internal/bulk"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/service"
)

type importCommand struct {
	storage `embed:""`
	Files   []string `arg:"" name:"file" help:"Files to import, in this order, plain or compressed with gzip."`

	Format            string `enum:"ndjson,csv,dynamodb-json" default:"ndjson" help:"Format of the files: ndjson, csv or dynamodb-json (a table export from the earlier service)."`
	Map               string `placeholder:"FILE" help:"Mapping of another system's columns and codes, for CSV (docs/import.md)."`
	DryRun            bool   `help:"Check the files without opening the database. This does not check who already has a record."`
	Resume            bool   `help:"Continue an import of the same files, with the same options, that was interrupted."`
	NoEvents          bool   `help:"Raise one event for the whole import instead of one for each record."`
	RejectsDir        string `default:"." placeholder:"DIR" help:"Directory for FILE.rejects.ndjson, which lists the line, pointer and rule of each rejected record."`
	LocalEthnicGroups bool   `help:"Accept the local ethnic groups, as serve does with this flag."`
}

// errRejected is an import that rejected records: exit status 1.
var errRejected = errors.New("some records were rejected")

func (c importCommand) Run(ctx context.Context, o output) (err error) {
	steadyCollector()
	decoding, err := c.decoding()
	if err != nil {
		return err
	}
	// Report a file that cannot be read before anything is imported.
	for _, path := range c.Files {
		f, err := openInput(path)
		if err != nil {
			return err
		}
		_ = f.Close()
	}
	var s *bulkStore
	if !c.DryRun {
		if s, err = c.openFor(ctx, o, decoding.rules, service.Import); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
	}
	rejected := false
	for _, path := range c.Files {
		state, err := c.file(ctx, o, s, path, decoding)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		rejected = rejected || state.Rejected > 0
	}
	if rejected {
		return errRejected
	}
	return nil
}

// decoding is how the lines of a file are read.
type decoding struct {
	rules   *equality.Rules
	options bulk.Options
	mapping []byte
}

func (c importCommand) decoding() (d decoding, err error) {
	lists, err := refdata.Load(localCodes(c.LocalEthnicGroups)...)
	if err != nil {
		return d, err
	}
	rules, err := equality.NewRules(lists)
	if err != nil {
		return d, err
	}
	d.rules = rules
	if c.Map != "" && c.Format != bulk.FormatCSV {
		return d, errors.New("--map only works with --format csv")
	}
	switch c.Format {
	case bulk.FormatCSV:
		if c.Map != "" {
			if d.mapping, err = os.ReadFile(c.Map); err != nil {
				return d, fmt.Errorf("--map: %w", withoutPath(err))
			}
		}
		mapping, err := bulk.ParseMapping(d.mapping, lists)
		if err != nil {
			return d, fmt.Errorf("--map: %w", err)
		}
		d.options.Rows = true
		d.options.Header = func(header []byte) (bulk.Decoder, error) {
			return bulk.CSV(rules, lists, mapping, today(), header)
		}
	case bulk.FormatDynamoDB:
		d.options.Decoder, err = dynamoDB(lists)
	default:
		d.options.Decoder = bulk.NDJSON(rules, today())
	}
	return d, err
}

func localCodes(active bool) []refdata.Option {
	if active {
		return []refdata.Option{refdata.WithLocalCodes()}
	}
	return nil
}

// dynamoDB returns the decoder for items from the earlier service's table.
// internal/mmh decodes them, because it owns that service's contract.
func dynamoDB(lists *refdata.Lists) (bulk.Decoder, error) {
	codec, err := mmh.NewCodec(lists, false)
	return bulk.DecoderFunc(func(line []byte) (bulk.Item, error) {
		item, err := codec.DecodeItem(line, today())
		return bulk.Item(item), err
	}), err
}

// itemRules are the rules that only items from that table can break.
var itemRules = []equality.FailureCode{
	{Code: "item.form", Meaning: "is not an item in DynamoDB's JSON"},
	{Code: "item.version", Meaning: "has a version that is not a whole number"},
	{Code: "NotEqualValidator", Meaning: "must not be the zero UUID"},
	{Code: "NationalInsuranceNumberValidator", Meaning: "is not a National Insurance number"},
	{Code: "W24", Meaning: "must have one primary language"},
	{Code: "W25", Meaning: "has more than 10 languages"},
}

// file imports or checks one file, and prints the result.
func (c importCommand) file(ctx context.Context, o output, s *bulkStore, path string, d decoding) (state bulk.State, err error) {
	f, err := openInput(path)
	if err != nil {
		return state, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return state, err
	}
	var run *service.ImportRun
	if s != nil {
		mark, err := fingerprint(ctx, f, c.Format, string(d.mapping), fmt.Sprint(c.NoEvents, c.LocalEthnicGroups))
		if err != nil {
			return state, err
		}
		run, err = s.StartImport(s.access, service.ImportOptions{Scope: c.Format, Mark: mark, Events: !c.NoEvents})
		if err != nil {
			return state, err
		}
	}
	source, err := newSource(f)
	if err != nil {
		return state, err
	}
	rejects := &rejectFile{path: filepath.Join(c.RejectsDir, filepath.Base(path)+".rejects.ndjson"), resume: c.Resume}
	defer func() { err = errors.Join(err, rejects.close()) }()
	meter := newMeter(o.err, filepath.Base(path), info.Size())
	options := d.options
	options.Source, options.Skip, options.Rejects = source, source.skip, rejects
	options.Workers, options.Resume = runtime.GOMAXPROCS(0), c.Resume
	options.Progress = func(state bulk.State) { meter.at(source.raw(), state.Read) }
	if run == nil {
		state, err = bulk.Check(ctx, options)
	} else {
		state, err = bulk.Import(ctx, run, options)
	}
	meter.end()
	if err != nil && run != nil && state.Read > 0 {
		err = fmt.Errorf("%w after %s records: continue with --resume", err, grouped(state.Read))
	}
	if err != nil {
		return state, err
	}
	return state, c.print(o, path, rejects.path, state)
}

func (c importCommand) print(o output, path, rejects string, s bulk.State) error {
	became := fmt.Sprintf("%s imported, %s unchanged", grouped(s.Imported), grouped(s.Unchanged))
	if c.DryRun {
		became = fmt.Sprintf("%s could be imported", grouped(s.Imported))
	}
	fmt.Fprintf(o.out, "%s: %s records: %s, %s rejected\n", path, grouped(s.Read), became, grouped(s.Rejected))
	if s.Rejected == 0 {
		return nil
	}
	fmt.Fprintf(o.out, "For details see %s. By rule:\n", rejects)
	meanings := make(map[string]string)
	for _, meaning := range slices.Concat(equality.FailureCodes(), bulk.Meanings, itemRules) {
		meanings[meaning.Code] = meaning.Meaning
	}
	for _, rule := range slices.Sorted(maps.Keys(s.Rules)) {
		fmt.Fprintf(o.out, "%10s  %s: %s\n", grouped(s.Rules[rule]), rule, meanings[rule])
	}
	return nil
}

// source is the uncompressed content of a file.
type source struct {
	io.Reader
	f    *os.File
	gzip bool
}

func newSource(f *os.File) (*source, error) {
	magic := make([]byte, 2)
	n, err := f.ReadAt(magic, 0)
	if err != nil && err != io.EOF {
		return nil, withoutPath(err)
	}
	s := &source{Reader: f, f: f}
	if !bytes.Equal(magic[:n], []byte{0x1f, 0x8b}) {
		return s, nil
	}
	s.gzip = true
	s.Reader, err = gzip.NewReader(f)
	return s, err
}

// Read reads from the reader, and removes paths from its errors.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, withoutPath(err)
}

// skip skips content that an earlier run has read.
func (s *source) skip(n int64) error {
	var err error
	if s.gzip {
		_, err = io.CopyN(io.Discard, s, n)
	} else {
		_, err = s.f.Seek(n, io.SeekCurrent)
	}
	return err
}

// raw is how many bytes of the file have been read.
func (s *source) raw() int64 {
	at, _ := s.f.Seek(0, io.SeekCurrent) // the file is open
	return at
}
