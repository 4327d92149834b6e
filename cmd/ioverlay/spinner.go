package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// spinner is a progress bar for work that takes a known time. Off a terminal it
// is silent.
type spinner struct {
	once sync.Once
	quit chan struct{}
	done chan struct{}
}

const spinnerStep = 100 * time.Millisecond

func (a *app) spinner(total time.Duration, what string) *spinner {
	s := &spinner{quit: make(chan struct{}), done: make(chan struct{})}
	file, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		close(s.done)
		return s
	}
	bar := progressbar.NewOptions64(int64(total/spinnerStep),
		progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	go func() {
		defer close(s.done)
		tick := time.NewTicker(spinnerStep)
		defer tick.Stop()
		for {
			select {
			case <-s.quit:
				_ = bar.Clear() // the bar is for looks
				return
			case <-tick.C:
				_ = bar.Add(1) // likewise; past its end it stays full
			}
		}
	}()
	return s
}

// stop takes the bar away. It may be called more than once.
func (s *spinner) stop() {
	s.once.Do(func() { close(s.quit) })
	<-s.done
}
