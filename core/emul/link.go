package emul

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Link is what one link does to the messages on it. It acts at the link's upstream
// end, on all its lanes together; the zero value does nothing.
type Link struct {
	Rate    Rate          // bandwidth, shared by the link's lanes
	Latency time.Duration // one way; what the kernel or memory takes comes on top
	Jitter  Jitter        // varies Latency from message to message; order stays
	Loss    float64       // share of messages that are lost on the way, 0 to 1

	// Cut lets nothing onto the link: messages wait in the queue until it is healed. What was
	// in flight arrives.
	Cut bool

	// Pipe bounds the bytes that each lane has in flight, exceeded by at most a message:
	// transmitted and not arrived. 0 means a bound that never holds anything up on a link
	// with a rate, and DefaultPipe on one without. It counts only if there is latency or
	// jitter.
	Pipe int64
}

// DefaultPipe is the most that a lane has in flight on a link that has latency and no
// rate: it carries DefaultPipe/Latency at most, 168 MB/s at 200 ms. core.LaneOut.PipeFull
// tells for how long that held a lane up.
const DefaultPipe = 32 << 20

// MaxLatency bounds the latency of a link and the spread of its jitter.
const MaxLatency = time.Minute

// Check reports a setting that makes no sense.
func (l Link) Check() error {
	if err := l.Rate.check("link bandwidth"); err != nil {
		return err
	}
	switch {
	case l.Latency < 0 || l.Latency > MaxLatency:
		return fmt.Errorf("link latency of %v: want 0 to %v", l.Latency, MaxLatency)
	case !(l.Loss >= 0 && l.Loss <= 1):
		return fmt.Errorf("link loss of %v: want a share from 0 to 1", l.Loss)
	case l.Pipe < 0:
		return fmt.Errorf("link pipe of %d bytes: want 0 (a default) or more", l.Pipe)
	}
	return l.Jitter.check()
}

// Delays reports whether messages take time on the link beyond their bandwidth.
func (l Link) Delays() bool { return l.Latency > 0 || l.Jitter.Spread > 0 }

// PerMessage reports whether the link treats messages one by one: it loses some. Those
// that leave at one time have one delay.
func (l Link) PerMessage() bool { return l.Loss > 0 }

// PipeBytes is the most that may be in flight at a time, in bytes, if nothing lets more
// than the given rate through, which may be Unlimited.
func (l Link) PipeBytes(r Rate) int64 {
	switch {
	case l.Pipe > 0:
		return l.Pipe
	case r == Unlimited:
		return DefaultPipe
	}
	return pipeMargin*r.bytesIn(l.MostDelay()) + leastPipe
}

// pipeMargin and leastPipe are what a limiter may let through at once, and timers that
// come late, on top of what a rate fills in the longest delay.
const (
	pipeMargin = 2
	leastPipe  = 256 << 10
)

// Loses draws whether the next message is lost.
func (l Link) Loses(rng *rand.Rand) bool { return l.Loss > 0 && rng.Float64() < l.Loss }

// String names what the link does.
func (l Link) String() string {
	s := ""
	if l.Cut {
		s += ", cut"
	}
	if l.Rate != Unlimited {
		s += fmt.Sprintf(", %v", l.Rate)
	}
	if l.Latency > 0 {
		s += fmt.Sprintf(", latency %v", l.Latency)
	}
	if l.Jitter.Spread > 0 {
		s += fmt.Sprintf(", %v jitter %v", l.Jitter.Dist, l.Jitter.Spread)
		if l.Jitter.Correlation > 0 {
			s += fmt.Sprintf(" for %v", l.Jitter.Correlation)
		}
	}
	if l.Loss > 0 {
		s += fmt.Sprintf(", loss %.4g", l.Loss)
	}
	if s == "" {
		return "unlimited"
	}
	return s[2:]
}
