package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// steps is a progress bar for a number of steps, with the time that is left. Off a
// terminal it is silent.
type steps struct{ bar *progressbar.ProgressBar } // nil off a terminal

func (a *app) steps(count int) steps {
	file, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return steps{}
	}
	return steps{progressbar.NewOptions(count, progressbar.OptionSetWriter(file), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))}
}

// say names the step under way.
func (s steps) say(what string) {
	if s.bar != nil {
		s.bar.Describe(what)
	}
}

// add says that a step is done. A terminal that cannot be written to is no reason to
// stop.
func (s steps) add() {
	if s.bar != nil {
		_ = s.bar.Add(1)
	}
}

// stop takes the bar away. It may be called more than once.
func (s steps) stop() {
	if s.bar != nil {
		_ = s.bar.Clear() // the bar is for looks
	}
}
