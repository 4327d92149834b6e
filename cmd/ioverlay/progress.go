package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is the bar that every command shows whose work takes longer than a moment: what is under way, how far it is,
// and how long the rest will take. Off a terminal it is silent. A terminal that cannot be written to is no reason to
// stop, so nothing here returns an error. Its methods may be called from any goroutine.
type progress struct {
	bar  *progressbar.ProgressBar // nil off a terminal
	once sync.Once
	quit chan struct{}
	done sync.WaitGroup
}

// progressStep is how often a bar moves by itself.
const progressStep = 100 * time.Millisecond

// terminal is standard error, if that is a terminal.
func (a *app) terminal() (*os.File, bool) {
	file, ok := a.err.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// progress shows a bar for so many steps, from the first moment on.
func (a *app) progress(steps int, what string, more ...progressbar.Option) *progress {
	p := &progress{quit: make(chan struct{})}
	file, ok := a.terminal()
	if !ok {
		return p
	}
	cutter := newLineCutter(file)
	options := append([]progressbar.Option{
		progressbar.OptionSetWriter(cutter), progressbar.OptionSetWidth(min(24, cutter.width()/4)), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetRenderBlankState(true),
	}, more...)
	p.bar = progressbar.NewOptions(max(steps, 1), options...)
	return p
}

// steps is a bar that counts steps.
func (a *app) steps(count int, what string) *progress {
	return a.progress(count, what, progressbar.OptionShowCount())
}

// elapsing is a bar for work that takes a known time. It moves by itself; past its end it stays full.
func (a *app) elapsing(total time.Duration, what string) *progress {
	p := a.progress(int(total/progressStep), what)
	if p.bar == nil {
		return p
	}
	p.done.Go(func() {
		tick := time.NewTicker(progressStep)
		defer tick.Stop()
		for {
			select {
			case <-p.quit:
				return
			case <-tick.C:
				if !p.bar.IsFinished() && int64(p.bar.State().CurrentNum)+1 < p.bar.GetMax64() {
					p.add(1)
				}
			}
		}
	})
	return p
}

// say names the step under way.
func (p *progress) say(what string) {
	if p.bar != nil {
		p.bar.Describe(what)
	}
}

// add says that so many steps are done.
func (p *progress) add(steps int) {
	if p.bar != nil {
		_ = p.bar.Add(steps)
	}
}

// set says how many steps are done in all.
func (p *progress) set(steps int) {
	if p.bar != nil {
		_ = p.bar.Set(steps)
	}
}

// stop takes the bar away, so that what follows begins on a clean line. It may be called more than once.
func (p *progress) stop() {
	p.once.Do(func() {
		close(p.quit)
		p.done.Wait()
		if p.bar != nil {
			_ = p.bar.Clear()
		}
	})
}
