package bench

import (
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"
)

// Silent is a Progress that shows nothing.
type Silent struct{}

// Begin does nothing.
func (Silent) Begin(Spec) {}

// Done does nothing.
func (Silent) Done(Spec) {}

// Bar shows on a terminal which point is being measured and how long the rest will take.
type Bar struct{ bar *progressbar.ProgressBar }

// NewBar returns a bar for a plan.
func NewBar(w io.Writer, p Plan) *Bar {
	return &Bar{bar: progressbar.NewOptions(len(p.Specs()),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(24),
		progressbar.OptionShowCount(),
		progressbar.OptionShowElapsedTimeOnFinish(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

// Begin shows the point.
func (b *Bar) Begin(s Spec) {
	b.bar.Describe(fmt.Sprintf("%-10s round %d  %-9s %3d nodes", s.Pass, s.Round, s.Kind, s.Nodes))
}

// Done moves the bar on. A terminal that cannot be written to is no reason to stop measuring.
func (b *Bar) Done(Spec) { _ = b.bar.Add(1) }

// Clear takes the bar off the terminal, so that what follows begins on a clean line.
func (b *Bar) Clear() { _ = b.bar.Clear() }
