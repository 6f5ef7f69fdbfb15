package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
)

// plainInterval is how often progress is printed without a terminal.
const plainInterval = 10 * time.Second

// meter shows how far a command has got: a bar on a terminal, otherwise a line
// now and then.
type meter struct {
	w     io.Writer
	bar   *progressbar.ProgressBar
	name  string
	items string // what is counted
	total int64
	told  time.Time
	// What was done at the first call, which may include an earlier run.
	start                 time.Time
	firstDone, firstCount int64
}

func newMeter(w io.Writer, name, items string, total int64) *meter {
	m := &meter{w: w, name: name, items: items, total: max(total, 1), told: time.Now()}
	if isTerminal(w) {
		m.bar = progressbar.NewOptions64(m.total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(name),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(200*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())
	}
	return m
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// at reports how much of the total, and how many items, are done.
func (m *meter) at(done, items int64) {
	if m.start.IsZero() {
		m.start, m.firstDone, m.firstCount = time.Now(), done, items
	}
	took := time.Since(m.start)
	rate := int64(float64(items-m.firstCount) / max(took.Seconds(), 1e-3))
	if m.bar != nil {
		m.bar.Describe(fmt.Sprintf("%s %s %s, %s/s", m.name, grouped(items), m.items, grouped(rate)))
		_ = m.bar.Set64(min(done, m.total))
		return
	}
	if time.Since(m.told) < plainInterval {
		return
	}
	m.told = time.Now()
	left := time.Duration(0)
	if done > m.firstDone {
		left = time.Duration(float64(took) / float64(done-m.firstDone) * float64(m.total-done))
	}
	fmt.Fprintf(m.w, "%s: %d%%, %s %s, %s/s, %v left\n", m.name, 100*done/m.total, grouped(items),
		m.items, grouped(rate), left.Round(time.Second))
}

// end removes the bar.
func (m *meter) end() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

// grouped is a number with a comma between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// progress is a bar of bytes, shown only on a terminal. It is a writer that counts
// bytes.
func (o output) progress(what string, size int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(size, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(o.err),
		progressbar.OptionShowBytes(true), progressbar.OptionSetVisibility(isTerminal(o.err)),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(200*time.Millisecond))
}

// counted returns a reader that moves the bar as it is read.
func counted(r io.Reader, bar *progressbar.ProgressBar) io.Reader { return io.TeeReader(r, bar) }
