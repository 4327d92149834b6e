package engine

import (
	"runtime/debug"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
)

// Memory that is not needed any more goes back to the system. After a flood the pool has
// let go of its blocks, but the Go runtime collects them when something is allocated, which
// a calm process does not do, and then gives them back little by little. So when a pool that
// was large has become small and makes no new blocks, its idle blocks are dropped and the
// runtime is told to give back what it can (debug.FreeOSMemory). That collects all garbage
// and so costs some milliseconds of another processor; it happens once after each flood,
// never while blocks are being made.
type giveBack struct {
	pool  *bufpool.Pool
	mu    sync.Mutex
	timer *time.Timer // nil: nothing to give back
	pause time.Duration
	made  uint64 // blocks made, at the last look
	again bool   // the pool has grown since the timer was set
	ended bool
}

// grown is called by the pool when it has become large.
func (g *giveBack) grown() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.again = true // if look is at work, it stays
	if g.timer == nil && !g.ended {
		g.again = false
		g.pause = giveBackPause
		g.timer = time.AfterFunc(g.pause, g.look)
	}
}

// look gives back, looks again later, or leaves it at that.
func (g *giveBack) look() {
	l := g.pool.Level()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	calm := l.Made == g.made
	g.made = l.Made
	switch {
	case calm && l.High-l.Now >= bufpool.LargePool/2:
		g.mu.Unlock() // a loop whose pool grows meanwhile must not wait for all of this
		g.pool.Trim()
		debug.FreeOSMemory()
		g.mu.Lock()
		switch {
		case g.ended:
			return
		case l.Now < bufpool.LargePool && !g.again:
			g.timer = nil // the pool says so when it has grown again
			return
		}
		g.pause, g.again = giveBackPause, false
	case calm:
		g.pause = min(2*g.pause, giveBackLongest) // it is large, and in use
	}
	g.timer.Reset(g.pause)
}

func (g *giveBack) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if g.timer != nil {
		g.timer.Stop()
	}
}
