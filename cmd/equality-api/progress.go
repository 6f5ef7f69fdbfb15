package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a command has come, on a terminal and nowhere else.
// It is a writer that counts what passes.
func (o output) progress(what string, size int64) *progressbar.ProgressBar {
	f, ok := o.err.(*os.File)
	visible := ok && term.IsTerminal(int(f.Fd()))
	return progressbar.NewOptions64(size, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(o.err),
		progressbar.OptionShowBytes(true), progressbar.OptionSetVisibility(visible), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100_000_000))
}

// counted is a reader of which a bar shows how far it has been read.
func counted(r io.Reader, bar *progressbar.ProgressBar) io.Reader { return io.TeeReader(r, bar) }
