package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"equality-information-api/internal/bulk"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

type importCommand struct {
	storage `embed:""`
	Files   []string `arg:"" name:"file" help:"Files to import, in this order, plain, compressed with gzip or encrypted with age; - is standard input."`

	Format            string `enum:"ndjson,csv,dynamodb-json,persons-ndjson,persons-csv" default:"ndjson" help:"Format of the files: records in ndjson, csv or dynamodb-json (a table export or scan of the earlier service), or people for the directory in persons-ndjson or persons-csv."`
	Identity          string `placeholder:"FILE" help:"File with the age identity that opens encrypted files (mode 0600)."`
	Map               string `placeholder:"FILE" help:"Mapping of another system's columns and codes, for CSV (docs/import.md)."`
	Directory         string `env:"EQUALITY_API_DIRECTORY" enum:"local,person-api" default:"local" help:"Directory of people that the servers use: people can only be imported into the local one."`
	DryRun            bool   `help:"Check the files without opening the database. This does not check who already has a record or entry."`
	Resume            bool   `help:"Continue an import of the same files, with the same options, that was interrupted."`
	NoEvents          bool   `help:"Raise one event for the whole import instead of one for each record. Not for people: their events keep searches up to date."`
	RejectsDir        string `default:"." placeholder:"DIR" help:"Directory for FILE.rejects.ndjson and FILE.findings.ndjson, which list the line, pointer and rule of what is wrong with rejected and with imported records."`
	LocalEthnicGroups bool   `help:"Accept the local ethnic groups, as serve does with this flag."`
}

// errRejected is an import that rejected something: exit status 1.
var errRejected = errors.New("rejected")

func (c importCommand) Run(ctx context.Context, o output) (err error) {
	steadyCollector()
	decoding, err := c.decoding()
	if err != nil {
		return err
	}
	if err := c.readable(); err != nil {
		return err
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
		return fmt.Errorf("some %s were %w", c.items(), errRejected)
	}
	return nil
}

// readable reports what cannot be read before anything is imported.
func (c importCommand) readable() error {
	piped := 0
	for _, path := range c.Files {
		if path == standardInput {
			piped++
			continue
		}
		f, err := openInput(path)
		if err != nil {
			return err
		}
		_ = f.Close()
	}
	switch {
	case piped > 1:
		return errors.New("standard input (-) can only be read once")
	case piped > 0 && c.Resume:
		return errors.New("--resume: an import from standard input (-) cannot be continued; without --resume it counts what is imported already as unchanged")
	}
	return nil
}

// decoding is how the items of a file are read.
type decoding struct {
	rules    *equality.Rules
	lists    *refdata.Lists
	mapping  []byte
	identity *sealing.Identity
	// options are those of a file whose items a run stores, or nobody if it is nil.
	options func(run *service.ImportRun) bulk.Options
}

func (c importCommand) decoding() (d decoding, err error) {
	if d.lists, d.rules, err = reference(localCodes(c.LocalEthnicGroups)...); err != nil {
		return d, err
	}
	switch persons := bulk.OfPersons(c.Format); {
	case c.Map != "" && !bulk.InRows(c.Format):
		return d, errors.New("--map only works with --format csv or persons-csv")
	case persons && c.NoEvents:
		return d, errors.New("--no-events does not work with people: each server learns from their events whom a search can find")
	case persons && c.Directory != "local":
		return d, errors.New("--directory person-api: people cannot be imported, because they are in the Person API, which can only be read")
	}
	if c.Identity != "" {
		if d.identity, err = sealing.LoadIdentity(c.Identity); err != nil {
			return d, fmt.Errorf("--identity: %w", err)
		}
	}
	if c.Map != "" {
		if d.mapping, err = os.ReadFile(c.Map); err != nil {
			return d, fmt.Errorf("--map: %w", withoutPath(err))
		}
	}
	if bulk.OfPersons(c.Format) {
		decode := bulk.DecodePerson(today())
		return d, read(&d, c.Format, bulk.Persons, decode, bulk.Persons.NDJSON(decode), (*service.ImportRun).PreparePerson)
	}
	decode := bulk.DecodeRecord(d.rules, today())
	lines := bulk.Records.NDJSON(decode)
	if c.Format == bulk.FormatDynamoDB {
		if lines, err = dynamoDB(d.lists); err != nil {
			return d, err
		}
	}
	return d, read(&d, c.Format, bulk.Records, decode, lines, (*service.ImportRun).Prepare)
}

// read has items of a kind read, by row with decode or else by line, and sealed by a run.
func read[T any](d *decoding, format string, kind *bulk.Kind[T], decode bulk.Decode[T], lines bulk.Decoder[T], seal func(*service.ImportRun, T, int64) (store.Arrival, error)) error {
	mapping, err := kind.ParseMapping(d.mapping, d.lists)
	if err != nil {
		return fmt.Errorf("--map: %w", err)
	}
	d.options = func(run *service.ImportRun) bulk.Options {
		prepared := func(item T, version int64) (store.Arrival, error) { return seal(run, item, version) }
		if run == nil {
			prepared = nil
		}
		return bulk.Options{Format: format, Prepare: lines.Prepared(prepared), Header: func(header []byte) (bulk.Prepare, error) {
			rows, err := kind.CSV(decode, d.lists, mapping, header)
			return rows.Prepared(prepared), err
		}}
	}
	return nil
}

func localCodes(active bool) []refdata.Option {
	if active {
		return []refdata.Option{refdata.WithLocalCodes()}
	}
	return nil
}

// dynamoDB returns the decoder for items from the earlier service's table.
// internal/mmh decodes them, because it owns that service's contract.
func dynamoDB(lists *refdata.Lists) (bulk.Decoder[equality.Record], error) {
	codec, err := mmh.NewCodec(lists, false)
	return func(line []byte) (bulk.Item[equality.Record], error) {
		item, err := codec.DecodeItem(line, today())
		return bulk.Item[equality.Record]{Value: item.Record, Version: item.Version, Findings: item.Findings}, err
	}, err
}

// itemRules are the rules that only items from that table can break.
var itemRules = []equality.FailureCode{
	{Code: "item.form", Meaning: "is not an item in DynamoDB's JSON"},
	{Code: "item.version", Meaning: "has a version that is not a whole number from 0 to 9007199254740991, so it begins at 0"},
	{Code: "NotEqualValidator", Meaning: "must not be the zero UUID"},
	{Code: "NationalInsuranceNumberValidator", Meaning: "is not a National Insurance number"},
	{Code: "W24", Meaning: "must have one primary language"},
	{Code: "W25", Meaning: "has more than 10 languages"},
}

// file imports or checks one file, and prints the result.
func (c importCommand) file(ctx context.Context, o output, s *bulkStore, path string, d decoding) (state bulk.State, err error) {
	f, err := openSource(ctx, path)
	if err != nil {
		return state, err
	}
	defer f.Close()
	name, size := filepath.Base(path), int64(0)
	if path == standardInput {
		name = "stdin"
	} else if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	var run *service.ImportRun
	if s != nil {
		o := service.ImportOptions{Scope: c.Format, Events: !c.NoEvents, Mark: "import " + standardInput}
		if path != standardInput {
			if o.Mark, err = fingerprint(ctx, f, c.Format, string(d.mapping), fmt.Sprint(c.NoEvents, c.LocalEthnicGroups)); err != nil {
				return state, err
			}
		}
		if run, err = s.StartImport(s.access, o); err != nil {
			return state, err
		}
	}
	source, err := newSource(f, d.identity)
	if err != nil {
		return state, err
	}
	rejects, findings := c.report(name+".rejects.ndjson"), c.report(name+".findings.ndjson")
	defer func() { err = errors.Join(err, rejects.close(), findings.close()) }()
	meter := newMeter(o.err, name, c.items(), size)
	options := d.options(run)
	options.Source, options.Skip, options.Rejects, options.Findings = source, source.skip, rejects, findings
	options.Workers, options.Resume = runtime.GOMAXPROCS(0), c.Resume
	options.Progress = func(state bulk.State) { meter.at(source.read.Load(), state.Read) }
	if run == nil {
		state, err = bulk.Check(ctx, options)
	} else {
		state, err = bulk.Import(ctx, run, options)
	}
	meter.end()
	if err != nil && run != nil && state.Read > 0 {
		again := "continue with --resume"
		if path == standardInput {
			again = "import it again"
		}
		err = fmt.Errorf("%w after %s %s: %s", err, grouped(state.Read), c.items(), again)
	}
	if err != nil {
		return state, err
	}
	c.print(o, path, state)
	printRules(o, rejects.path, state.Rules)
	printRules(o, findings.path, state.FoundRules)
	return state, nil
}

func (c importCommand) report(name string) *reportFile {
	return &reportFile{path: filepath.Join(c.RejectsDir, name), resume: c.Resume}
}

func (c importCommand) print(o output, path string, s bulk.State) {
	became := fmt.Sprintf("%s imported, %s unchanged", grouped(s.Imported), grouped(s.Unchanged))
	if c.DryRun {
		became = fmt.Sprintf("%s could be imported", grouped(s.Imported))
	}
	became += fmt.Sprintf(", %s rejected", grouped(s.Rejected))
	if s.Found > 0 {
		became += fmt.Sprintf("; %s have findings", grouped(s.Found))
	}
	if s.Empty > 0 {
		became += fmt.Sprintf("; %s empty rows passed over", grouped(s.Empty))
	}
	fmt.Fprintf(o.out, "%s: %s %s: %s\n", path, grouped(s.Read), c.items(), became)
}

// items is what the files hold.
func (c importCommand) items() string { return itemsOf(c.Format) }

func itemsOf(format string) string {
	if bulk.OfPersons(format) {
		return "people"
	}
	return "records"
}

// printRules prints which rules the records in a report break.
func printRules(o output, path string, rules map[string]int64) {
	if len(rules) == 0 {
		return
	}
	fmt.Fprintf(o.out, "For details see %s. By rule:\n", path)
	meanings := make(map[string]string)
	for _, meaning := range slices.Concat(equality.FailureCodes(), bulk.Meanings, itemRules) {
		meanings[meaning.Code] = meaning.Meaning
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		fmt.Fprintf(o.out, "%10s  %s: %s\n", grouped(rules[rule]), rule, meanings[rule])
	}
}
