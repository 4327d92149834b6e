package gfbench

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// Silent is a Progress that shows nothing.
type Silent struct{}

// Begin does nothing.
func (Silent) Begin(string) {}

// Done does nothing.
func (Silent) Done() {}

// Bar shows on a terminal what is being measured and how long the rest will take.
type Bar struct{ bar *progressbar.ProgressBar }

// NewBar returns a bar for a plan.
func NewBar(w io.Writer, p Plan) *Bar {
	return &Bar{bar: progressbar.NewOptions(p.Steps(),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

// Begin shows what is measured next.
func (b *Bar) Begin(what string) { b.bar.Describe(what) }

// Done moves the bar on. A terminal that cannot be written to is no reason to stop measuring.
func (b *Bar) Done() { _ = b.bar.Add(1) }

// Clear takes the bar off the terminal, so that what follows begins on a clean line.
func (b *Bar) Clear() { _ = b.bar.Clear() }
