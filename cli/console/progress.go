package console

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is the bar that every command shows whose work takes longer than a moment: what is under way, how far it is,
// and how long the rest will take. Off a terminal it is silent. A terminal that cannot be written to is no reason to
// stop, so nothing here returns an error. Its methods may be called from any goroutine.
type Progress struct {
	bar  *progressbar.ProgressBar // nil off a terminal
	once sync.Once
	quit chan struct{}
	done sync.WaitGroup
}

// progressStep is how often a bar moves by itself.
const progressStep = 100 * time.Millisecond

// terminal is standard error, if that is a terminal.
func (a *App) terminal() (*os.File, bool) {
	file, ok := a.Err.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// Progress shows a bar for so many steps, from the first moment on.
func (a *App) Progress(steps int, what string, more ...progressbar.Option) *Progress {
	p := &Progress{quit: make(chan struct{})}
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

// Steps is a bar that counts steps.
func (a *App) Steps(count int, what string) *Progress {
	return a.Progress(count, what, progressbar.OptionShowCount())
}

// Elapsing is a bar for work that takes a known time. It moves by itself; past its end it stays full.
func (a *App) Elapsing(total time.Duration, what string) *Progress {
	p := a.Progress(int(total/progressStep), what)
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
					p.Add(1)
				}
			}
		}
	})
	return p
}

// Say names the step under way.
func (p *Progress) Say(what string) {
	if p.bar != nil {
		p.bar.Describe(what)
	}
}

// Add says that so many steps are done.
func (p *Progress) Add(steps int) {
	if p.bar != nil {
		_ = p.bar.Add(steps)
	}
}

// Set says how many steps are done in all.
func (p *Progress) Set(steps int) {
	if p.bar != nil {
		_ = p.bar.Set(steps)
	}
}

// Stop takes the bar away, so that what follows begins on a clean line. It may be called more than once.
func (p *Progress) Stop() {
	p.once.Do(func() {
		close(p.quit)
		p.done.Wait()
		if p.bar != nil {
			_ = p.bar.Clear()
		}
	})
}
