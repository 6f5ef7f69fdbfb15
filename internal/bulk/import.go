package bulk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// Importer stores records. service.ImportRun is one.
type Importer interface {
	Position(ctx context.Context) ([]byte, error)
	CorrelationID() uuid.UUID
	Continue(correlation uuid.UUID)
	Load(ctx context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error
	Complete(ctx context.Context, count int64, position []byte) error
}

// Options say what is imported and how.
type Options struct {
	// Source is the file's uncompressed content from its beginning. Skip skips
	// its next n bytes.
	Source io.Reader
	Skip   func(n int64) error
	Format string
	// Header gets the header of CSV and returns what reads its rows.
	Header func(header []byte) (Prepare, error)
	// Prepare reads the lines of any other format.
	Prepare           Prepare
	Rejects, Findings ReportFile
	Workers           int
	Resume            bool
	// Progress is called after each batch, when its state is durable.
	Progress func(State)

	perBatch int64 // how many records go into one transaction; batchLength if 0
}

// ErrInterrupted is an import whose context has ended. The progress it reported
// is durable, and it can be resumed.
var ErrInterrupted = errors.New("interrupted")

const (
	// chunkLength and chunkSize limit what one worker decodes at once.
	chunkLength = 500
	chunkSize   = 1 << 20
	// batchLength and batchSize limit one transaction. It has many records, so
	// that a page of the database is written once for several.
	batchLength = 8000
	batchSize   = 8 << 20
)

// Import stores the records of a file, batch by batch, in the file's order. It
// uses a fixed amount of memory. The error is ErrInterrupted, or comes from the
// importer, from reading the file or from writing the rejects. The state says
// what is durable, even with an error.
func Import(ctx context.Context, to Importer, o Options) (State, error) {
	r := &run{Options: o, to: to, state: start(to.CorrelationID())}
	if o.Resume {
		position, err := to.Position(ctx)
		if err != nil {
			return r.state, err
		}
		if position != nil {
			if r.state, err = parseState(position); err != nil || r.state.Done {
				return r.state, err
			}
			to.Continue(r.state.CorrelationID)
			// Records that were not durable are read again, and their rejects written again.
			if err := errors.Join(o.Rejects.Truncate(r.state.Rejects), o.Findings.Truncate(r.state.Findings)); err != nil {
				return r.state, err
			}
		}
	}
	frames, err := r.open(ctx)
	if err != nil {
		return r.state, err
	}
	err = r.batches(ctx, frames)
	r.state.Empty = frames.empty
	if err == nil && ctx.Err() != nil {
		err = ErrInterrupted
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = ErrInterrupted
		}
		return r.state, err
	}
	r.state.Done = true
	position, err := r.state.encode()
	if err != nil {
		return r.state, err
	}
	return r.state, to.Complete(context.WithoutCancel(ctx), r.state.Imported, position)
}

// run is an import in progress.
type run struct {
	Options
	to    Importer
	state State
}

// open sees what the file is, reads the header, if there is one, and goes to where
// the import continues.
func (r *run) open(ctx context.Context) (*framer, error) {
	source := contextReader{ctx, r.Source}
	start := inLines
	if InRows(r.Format) {
		start = inRows
	}
	frames := newFramer(source, start, 0, 1)
	head, whole, err := frames.head()
	if err != nil {
		return nil, err
	}
	frames.shape, err = shapeOf(r.Format, head, whole)
	if err != nil {
		return nil, err
	}
	if frames.shape == inRows {
		header, err := frames.next()
		switch {
		case err == io.EOF:
			return nil, errors.New("the file is empty")
		case err != nil:
			return nil, err
		}
		// A line that is no row has no text, and is no header either.
		if r.Prepare, err = r.Header(header.text); err != nil {
			return nil, err
		}
	}
	if r.state.Offset <= frames.offset {
		return frames, nil
	}
	buffered := int64(frames.end - frames.start)
	if skip := r.state.Offset - frames.offset - buffered; skip > 0 {
		if err := r.Skip(skip); err != nil {
			return nil, err
		}
		frames = newFramer(source, frames.shape, r.state.Offset, r.state.Line)
	} else {
		frames.take(int(r.state.Offset-frames.offset), 0)
	}
	frames.line, frames.empty, frames.inside = r.state.Line, r.state.Empty, r.state.Inside
	return frames, nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if err != nil && r.ctx.Err() != nil {
		err = r.ctx.Err()
	}
	return n, err
}

// chunk is some frames and the results of decoding them.
type chunk struct {
	text   []byte // until it is decoded
	size   int
	frames []span
	end    State // only Offset, Line, Empty and Inside: where the next chunk begins

	ready    chan struct{} // closed when the fields below are set
	read     int64         // records
	arrivals []store.Arrival
	lines    []span // of the arrivals
	rejects  []Reject
	findings []Finding
	err      error
}

// span is a frame's part of its chunk's text.
type span struct {
	start, end int
	line       int64
	rule       string
	pointer    string
	// record tells a record from others on its line: where in the file it ends.
	record int64
}

// batches reads, decodes and loads at the same time, until the file ends.
func (r *run) batches(ctx context.Context, frames *framer) error {
	reading, stop := context.WithCancel(ctx)
	work, ordered := make(chan *chunk), make(chan *chunk, 2*r.Workers+2)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	var readErr error
	workers.Go(func() {
		defer close(ordered)
		defer close(work)
		readErr = r.read(reading, frames, work, ordered)
	})
	for range r.Workers {
		workers.Go(func() {
			for c := range work {
				r.decode(c)
				close(c.ready)
			}
		})
	}
	b := &batch{}
	for c := range ordered {
		<-c.ready
		if c.err != nil {
			return c.err
		}
		b.add(c)
		if b.read >= cmp.Or(r.perBatch, batchLength) || b.size >= batchSize {
			if err := r.load(ctx, b); err != nil {
				return err
			}
			b = &batch{}
		}
		if ctx.Err() != nil {
			return ErrInterrupted
		}
	}
	if readErr != nil || ctx.Err() != nil {
		return errors.Join(readErr, ctx.Err())
	}
	if len(b.chunks) == 0 {
		return nil
	}
	return r.load(ctx, b)
}

// read cuts the file into chunks and hands each to a worker.
func (r *run) read(ctx context.Context, frames *framer, work, ordered chan<- *chunk) error {
	for {
		c := &chunk{ready: make(chan struct{})}
		var err error
		for int64(len(c.frames)) < min(chunkLength, cmp.Or(r.perBatch, chunkLength)) && len(c.text) < chunkSize {
			var f frame
			if f, err = frames.next(); err != nil {
				break
			}
			c.end.Offset, c.end.Line, c.end.Empty, c.end.Inside = frames.offset, frames.line, frames.empty, frames.inside
			from := len(c.text)
			c.text = append(c.text, f.text...)
			c.frames = append(c.frames, span{from, len(c.text), f.line, f.rule, f.pointer, frames.offset})
		}
		c.size = len(c.text)
		if len(c.frames) > 0 {
			for _, queue := range []chan<- *chunk{ordered, work} {
				select {
				case queue <- c:
				case <-ctx.Done():
					c.err = ctx.Err()
					close(c.ready) // no worker will: let batches see the error
					return ctx.Err()
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// decode reads and seals the records of a chunk.
func (r *run) decode(c *chunk) {
	defer func() { c.text = nil }()
	for _, f := range c.frames {
		if f.pointer != "" {
			c.findings = append(c.findings, Finding{Line: f.line, Pointer: f.pointer, Rule: f.rule})
			continue
		}
		c.read++
		if f.rule != "" {
			c.rejects = append(c.rejects, Reject{Line: f.line, Rule: f.rule, record: f.record})
			continue
		}
		arrival, findings, err := r.Prepare(c.text[f.start:f.end])
		if failures, ok := failuresOf(err); ok {
			for _, failure := range failures {
				c.rejects = append(c.rejects, Reject{Line: f.line, Pointer: failure.Pointer, Rule: failure.Code, record: f.record})
			}
			continue
		}
		if err != nil {
			c.err = fmt.Errorf("line %d cannot be imported: %w", f.line, err)
			return
		}
		c.arrivals, c.lines = append(c.arrivals, arrival), append(c.lines, f)
		for _, found := range findings {
			c.findings = append(c.findings, Finding{Line: f.line, Pointer: found.Pointer, Rule: found.Code, Kept: found.Kept, record: f.record})
		}
	}
}

// batch is the chunks that go into one transaction.
type batch struct {
	chunks []*chunk
	read   int64
	size   int
}

func (b *batch) add(c *chunk) {
	b.chunks = append(b.chunks, c)
	b.read += c.read
	b.size += c.size
}

// joined joins the chunks into one.
func (b *batch) joined() (joined chunk) {
	n := 0
	for _, c := range b.chunks {
		n += len(c.arrivals)
		joined.end = c.end
	}
	joined.arrivals, joined.lines = make([]store.Arrival, 0, n), make([]span, 0, n)
	for _, c := range b.chunks {
		joined.arrivals, joined.lines = append(joined.arrivals, c.arrivals...), append(joined.lines, c.lines...)
		joined.rejects, joined.findings = append(joined.rejects, c.rejects...), append(joined.findings, c.findings...)
		c.arrivals = nil
	}
	return joined
}

// load stores a batch. Its rejects and findings are on disk before the batch is durable, so
// that none is lost; if the batch fails, they are written again.
func (r *run) load(ctx context.Context, b *batch) error {
	var next State
	all := b.joined()
	err := r.to.Load(context.WithoutCancel(ctx), all.arrivals, func(landings []store.Landing) (_ []byte, err error) {
		next = r.state
		next.Offset, next.Line, next.Empty, next.Inside = all.end.Offset, all.end.Line, all.end.Empty, all.end.Inside
		next.Read += b.read
		rejects := allRejects(&all, landings, &next)
		findings := ofAccepted(all.findings, rejects)
		next.Rejected += tally(rejects, &next.Rules)
		next.Found += tally(findings, &next.FoundRules)
		if next.Rejects, err = writeReport(r.Rejects, r.state.Rejects, rejects); err != nil {
			return nil, err
		}
		if next.Findings, err = writeReport(r.Findings, r.state.Findings, findings); err != nil {
			return nil, err
		}
		return next.encode()
	})
	if err != nil {
		return err
	}
	r.state = next
	r.Progress(r.state)
	return nil
}

// allRejects returns the rejects of a batch in the order of its records, and
// counts the records that were imported or unchanged.
func allRejects(c *chunk, landings []store.Landing, counts *State) []Reject {
	rejects := slices.Clone(c.rejects)
	for i, landing := range landings {
		switch landing {
		case store.Landed:
			counts.Imported++
		case store.Same:
			counts.Unchanged++
		}
		if reject, ok := landingReject(c.lines[i], &c.arrivals[i], landing); ok {
			rejects = append(rejects, reject)
		}
	}
	slices.SortStableFunc(rejects, func(a, b Reject) int { return cmp.Compare(a.record, b.record) })
	return rejects
}

// Check reads a file as an import would, but stores nothing. It cannot know
// whether a person already has a record or an id is taken.
func Check(ctx context.Context, o Options) (State, error) {
	return Import(ctx, nowhere{}, o)
}

// nowhere accepts every record and stores none.
type nowhere struct{}

func (nowhere) Position(context.Context) ([]byte, error)      { return nil, nil }
func (nowhere) CorrelationID() uuid.UUID                      { return uuid.Nil }
func (nowhere) Continue(uuid.UUID)                            {}
func (nowhere) Complete(context.Context, int64, []byte) error { return nil }

func (nowhere) Load(_ context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error {
	_, err := position(make([]store.Landing, len(arrivals)))
	return err
}
