package main

import (
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/ioverlay/ioverlay/scenario"
)

// runBar shows how far a scenario is, how fast its time passes, and how long the rest
// will take. Off a terminal it is silent.
type runBar struct {
	bar  *progressbar.ProgressBar // nil: silent
	last time.Duration
}

func (a *app) runBar(p *scenario.Plan) *runBar {
	file, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &runBar{}
	}
	return &runBar{bar: progressbar.NewOptions64(p.Duration.Milliseconds(),
		progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(p.Name),
		progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("ms of the scenario"))}
}

// move moves the bar. A terminal that cannot be written to is no reason to stop.
func (b *runBar) move(done, _ time.Duration) {
	if b.bar != nil {
		_ = b.bar.Add64((done - b.last).Milliseconds())
		b.last = done
	}
}

func (b *runBar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
