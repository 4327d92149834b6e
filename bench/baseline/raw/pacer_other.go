//go:build unix && !linux

package raw

import (
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

// timerPacer posts a task to the source's loop from a runtime timer.
type timerPacer struct {
	loop     *loop
	interval time.Duration
	first    time.Duration

	mu      sync.Mutex // guards what follows
	timer   *time.Timer
	stopped bool
}

func newPacer(l *loop, s traffic.Schedule) (pacer, error) {
	return &timerPacer{
		loop:     l,
		interval: time.Duration(s.IntervalNS),
		first:    time.Duration(s.StartNS - traffic.Now()),
	}, nil
}

func (p *timerPacer) start(due func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.first, func() { p.fire(due) })
	return nil
}

// fire runs on a timer's goroutine. A post fails only when the loop is gone, and then there is nobody to call.
func (p *timerPacer) fire(due func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.loop.post(due) != nil {
		return
	}
	p.timer.Reset(p.interval)
}

func (p *timerPacer) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	p.timer.Stop()
	return nil
}

// close may be called without stop before it. It returns when no post is under way any more.
func (p *timerPacer) close() error { return p.stop() }
