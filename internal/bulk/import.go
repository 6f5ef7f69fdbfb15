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

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// Importer takes records in. service.ImportRun is one.
type Importer interface {
	Position(ctx context.Context) ([]byte, error)
	CorrelationID() uuid.UUID
	Continue(correlation uuid.UUID)
	// Prepare may be called by many goroutines.
	Prepare(record equality.Record, version int64) (store.Arrival, error)
	Load(ctx context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error
	Complete(ctx context.Context, count int64, position []byte) error
}

// Options say what is imported and how.
type Options struct {
	// Source is what the file holds, uncompressed, from its beginning. Skip
	// passes over its next n bytes.
	Source io.Reader
	Skip   func(n int64) error
	// Rows says that the file is CSV. Its header is given to Header, which
	// gives the decoder of what follows.
	Rows   bool
	Header func(header []byte) (Decoder, error)
	// Decoder reads the lines of any other file.
	Decoder Decoder
	Rejects RejectFile
	Workers int
	Resume  bool
	// Progress is told of how far the import has come, when that is durable.
	Progress func(State)

	part int64 // how many records go into one transaction; partLength if 0
}

// ErrInterrupted is an import whose context has ended. What it has told of is
// durable, and it can be resumed.
var ErrInterrupted = errors.New("interrupted")

const (
	// chunkLength and chunkSize bound what is decoded by one worker at once.
	chunkLength = 500
	chunkSize   = 1 << 20
	// partLength and partSize bound what goes into one transaction: many
	// records, since a page of the database is then written once for several.
	partLength = 8000
	partSize   = 8 << 20
)

// Import brings the records of a file to where they are kept, part by part, in
// the file's order. Memory is bounded, whatever the file holds. Its error is
// ErrInterrupted, or the importer's, or that of reading the file or writing the
// rejects; the state tells what is durable all the same.
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
			// What was not durable before is read again, and its rejects are written again.
			if err := o.Rejects.Truncate(r.state.Rejects); err != nil {
				return r.state, err
			}
		}
	}
	frames, err := r.open(ctx)
	if err != nil {
		return r.state, err
	}
	err = r.parts(ctx, frames)
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

// run is an import under way.
type run struct {
	Options
	to    Importer
	state State
}

// open reads the header, where there is one, and goes to where the import goes on.
func (r *run) open(ctx context.Context) (*framer, error) {
	source := contextReader{ctx, r.Source}
	frames := newFramer(source, r.Rows, 0, 1)
	if r.Rows {
		header, err := frames.next()
		switch {
		case err == io.EOF:
			return nil, errors.New("the file is empty")
		case err != nil:
			return nil, err
		case header.rule != "":
			return nil, errors.New("the first line is not a header: see docs/import.md")
		}
		if r.Decoder, err = r.Header(header.text); err != nil {
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
		return newFramer(source, r.Rows, r.state.Offset, r.state.Line), nil
	}
	frames.take(int(r.state.Offset-frames.offset), 0)
	frames.line = r.state.Line
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
	return r.r.Read(p)
}

// chunk is some frames, and what became of them.
type chunk struct {
	text   []byte // until it is decoded
	size   int
	frames []placed
	end    State // of Offset and Line alone: behind it

	ready    chan struct{} // closed when what follows is there
	arrivals []store.Arrival
	lines    []int64 // of the arrivals
	rejects  []Reject
	err      error
}

// placed is a frame of a chunk by its place in the text.
type placed struct {
	start, end int
	line       int64
	rule       string
}

// parts reads, decodes and loads, all at the same time, until the file ends.
func (r *run) parts(ctx context.Context, frames *framer) error {
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
	p := &part{}
	for c := range ordered {
		<-c.ready
		if c.err != nil {
			return c.err
		}
		p.add(c)
		if p.read >= cmp.Or(r.part, partLength) || p.size >= partSize {
			if err := r.load(ctx, p); err != nil {
				return err
			}
			p = &part{}
		}
		if ctx.Err() != nil {
			return ErrInterrupted
		}
	}
	if readErr != nil || ctx.Err() != nil {
		return errors.Join(readErr, ctx.Err())
	}
	if len(p.chunks) == 0 {
		return nil
	}
	return r.load(ctx, p)
}

// read cuts the file into chunks and hands each to a worker.
func (r *run) read(ctx context.Context, frames *framer, work, ordered chan<- *chunk) error {
	for {
		c := &chunk{ready: make(chan struct{})}
		var err error
		for int64(len(c.frames)) < min(chunkLength, cmp.Or(r.part, chunkLength)) && len(c.text) < chunkSize {
			var f frame
			if f, err = frames.next(); err != nil {
				break
			}
			from := len(c.text)
			c.text = append(c.text, f.text...)
			c.frames = append(c.frames, placed{from, len(c.text), f.line, f.rule})
		}
		c.size, c.end.Offset, c.end.Line = len(c.text), frames.offset, frames.line
		if len(c.frames) > 0 {
			for _, queue := range []chan<- *chunk{ordered, work} {
				select {
				case queue <- c:
				case <-ctx.Done():
					c.err = ctx.Err()
					close(c.ready) // no worker has it: whoever waits for it waits no longer
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
		if f.rule != "" {
			c.rejects = append(c.rejects, Reject{Line: f.line, Rule: f.rule})
			continue
		}
		item, err := r.Decoder.Decode(c.text[f.start:f.end])
		if failures, ok := failuresOf(err); ok {
			for _, failure := range failures {
				c.rejects = append(c.rejects, Reject{Line: f.line, Pointer: failure.Pointer, Rule: failure.Code})
			}
			continue
		}
		var arrival store.Arrival
		if err == nil {
			arrival, err = r.to.Prepare(item.Record, item.Version)
		}
		if err != nil {
			c.err = fmt.Errorf("line %d cannot be imported: %w", f.line, err)
			return
		}
		c.arrivals, c.lines = append(c.arrivals, arrival), append(c.lines, f.line)
	}
}

// part is what goes into one transaction.
type part struct {
	chunks []*chunk
	read   int64
	size   int
}

func (p *part) add(c *chunk) {
	p.chunks = append(p.chunks, c)
	p.read += int64(len(c.frames))
	p.size += c.size
}

// whole puts the chunks together.
func (p *part) whole() (whole chunk) {
	n := 0
	for _, c := range p.chunks {
		n += len(c.arrivals)
		whole.end = c.end
	}
	whole.arrivals, whole.lines = make([]store.Arrival, 0, n), make([]int64, 0, n)
	for _, c := range p.chunks {
		whole.arrivals, whole.lines = append(whole.arrivals, c.arrivals...), append(whole.lines, c.lines...)
		whole.rejects = append(whole.rejects, c.rejects...)
		c.arrivals = nil
	}
	return whole
}

// load brings a part. Its rejects are on disk before the part is durable, so
// that none is lost; where it does not become durable, they are written anew.
func (r *run) load(ctx context.Context, p *part) error {
	var next State
	whole := p.whole()
	err := r.to.Load(context.WithoutCancel(ctx), whole.arrivals, func(landings []store.Landing) (_ []byte, err error) {
		next = r.state
		next.Offset, next.Line = whole.end.Offset, whole.end.Line
		next.Read += p.read
		rejects := settled(&whole, landings, &next)
		next.reject(rejects)
		if next.Rejects, err = writeRejects(r.Rejects, r.state.Rejects, rejects); err != nil {
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

// settled gives all rejects of a part in the order of their lines, and
// counts what landed.
func settled(c *chunk, landings []store.Landing, counts *State) []Reject {
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
	slices.SortStableFunc(rejects, func(a, b Reject) int { return cmp.Compare(a.Line, b.Line) })
	return rejects
}

// Check reads a file as an import would and brings nothing: what it cannot
// know is whether a person has a record already, or whether an id is taken.
func Check(ctx context.Context, o Options) (State, error) {
	return Import(ctx, nowhere{}, o)
}

// nowhere takes every record and keeps none.
type nowhere struct{}

func (nowhere) Position(context.Context) ([]byte, error)      { return nil, nil }
func (nowhere) CorrelationID() uuid.UUID                      { return uuid.Nil }
func (nowhere) Continue(uuid.UUID)                            {}
func (nowhere) Complete(context.Context, int64, []byte) error { return nil }

func (nowhere) Prepare(equality.Record, int64) (store.Arrival, error) { return store.Arrival{}, nil }

func (nowhere) Load(_ context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error {
	_, err := position(make([]store.Landing, len(arrivals)))
	return err
}
