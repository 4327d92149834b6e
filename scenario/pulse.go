package scenario

import (
	"sync"
	"sync/atomic"
	"time"
)

// pulse measures how late timers are in real time while a run goes on: a machine that
// has too much to do is late, and what is measured on it is of the machine.
type pulse struct {
	late atomic.Int64 // ns, the most since worst was called
	quit chan struct{}
	done sync.WaitGroup
}

// pulseEvery is how often it looks: often enough to see a stall of result.Starving.
const pulseEvery = 10 * time.Millisecond

func startPulse() *pulse {
	p := &pulse{quit: make(chan struct{})}
	p.done.Go(p.beat)
	return p
}

func (p *pulse) beat() {
	t := time.NewTimer(pulseEvery)
	defer t.Stop()
	for {
		due := time.Now().Add(pulseEvery)
		t.Reset(pulseEvery)
		select {
		case <-p.quit:
			return
		case <-t.C:
			p.note(time.Since(due))
		}
	}
}

// note keeps the worst; only beat calls it, so what is lost between load and store is
// at most what worst has just taken.
func (p *pulse) note(late time.Duration) {
	if int64(late) > p.late.Load() {
		p.late.Store(int64(late))
	}
}

// worst is the worst lateness since it was called last. A nil pulse is never late.
func (p *pulse) worst() time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.late.Swap(0))
}

// stop ends it; a nil pulse has nothing to end.
func (p *pulse) stop() {
	if p != nil {
		close(p.quit)
		p.done.Wait()
	}
}
