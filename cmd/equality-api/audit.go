package main

import (
	"context"
	"fmt"
	"os"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that no entry in the access log was altered, removed or moved. Exit status 1 means that something is wrong."`
}

type auditVerifyCommand struct {
	storage
	Records bool   `help:"Also check every stored version of every record against the entry that wrote it."`
	Heads   string `placeholder:"FILE" help:"Copy of the server's log, kept elsewhere, to check that no entries are missing at the end of the access log."`
}

func (c auditVerifyCommand) Run(ctx context.Context, o output) (err error) {
	keys, err := c.dir().keyset()
	if err != nil {
		return err
	}
	heads, err := c.heads(keys)
	if err != nil {
		return err
	}
	log, err := c.openLog(ctx, keys)
	if err != nil {
		return err
	}
	defer func() {
		if closing := log.Close(); err == nil {
			err = closing
		}
	}()
	report, err := audit.Verify(ctx, keys, log, heads)
	if err != nil {
		return err
	}
	if c.Records {
		if err := audit.VerifyRecords(ctx, log, report); err != nil {
			return err
		}
	}
	return c.print(o, report)
}

func (c auditVerifyCommand) heads(keys *sealing.Keyset) ([]audit.Head, error) {
	if c.Heads == "" {
		return nil, nil
	}
	f, err := os.Open(c.Heads)
	if err != nil {
		return nil, fmt.Errorf("--heads: %w", withoutPath(err))
	}
	defer f.Close()
	heads, err := audit.ReadHeads(f, keys)
	if err != nil {
		return nil, fmt.Errorf("--heads: %w", err)
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("--heads: the file contains no audit head")
	}
	return heads, nil
}

func (c auditVerifyCommand) print(o output, r *audit.Report) error {
	printFindings(o, r)
	fmt.Fprintf(o.out, "%d entries, %d changes checked against stored documents, %d heads checked\n", r.Entries, r.Changes, r.Heads)
	for _, head := range r.Last {
		if head.Seq == 0 && len(r.Last) > 1 {
			continue // an unused lane of PostgreSQL
		}
		fmt.Fprintf(o.out, "lane %d ends at entry %d\n", head.Lane, head.Seq)
	}
	if c.Heads == "" {
		fmt.Fprintln(o.out, "Without --heads this check cannot notice missing entries at the end of the log.")
	}
	if !r.OK() {
		return errFound
	}
	return nil
}

// printFindings prints each finding on a line.
func printFindings(o output, r *audit.Report) {
	for _, finding := range r.Findings {
		fmt.Fprintln(o.out, "WRONG:", finding)
	}
	if r.Omitted() > 0 {
		fmt.Fprintf(o.out, "WRONG: %d more\n", r.Omitted())
	}
}
