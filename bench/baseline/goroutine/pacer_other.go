//go:build unix && !linux

package goroutine

import (
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

// pacer lets a goroutine sleep until the next time of a schedule.
type pacer struct {
	ticker  *time.Ticker
	stopped chan struct{}
}

func newPacer(s traffic.Schedule) (*pacer, error) {
	return &pacer{ticker: time.NewTicker(time.Duration(s.IntervalNS)), stopped: make(chan struct{}, 1)}, nil
}

// wait returns at the next time of the schedule, or at once after stop.
func (p *pacer) wait() error {
	select {
	case <-p.ticker.C:
	case <-p.stopped:
	}
	return nil
}

// stop ends a wait; it may be called from any goroutine, once.
func (p *pacer) stop() error {
	p.stopped <- struct{}{}
	return nil
}

func (p *pacer) close() error {
	p.ticker.Stop()
	return nil
}
