package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// For what a Coder waits, how long, and what it does if that stays away.

// arm asks to be woken when the oldest set has waited for long enough.
func (c *Coder) arm() {
	if !c.armed && len(c.waiting) > 0 {
		c.armed = true
		c.After(max(c.patienceOf(c.waiting[0])-c.Now(), 0), waitTimer)
	}
}

// patienceOf is when the first of the inputs that a set waits for counts as stalled.
func (c *Coder) patienceOf(s *Set) time.Duration {
	first := time.Duration(1<<63 - 1)
	for i := range c.in {
		if in := &c.in[i]; s.msgs[i] == nil && in.state == Live {
			first = min(first, c.deadline(in, s))
		}
	}
	return first
}

// deadline is when an input that a set waits for counts as stalled. One that is slow, and
// moves, never does, nor one that was stopped because its messages waited here.
func (c *Coder) deadline(in *input, s *Set) time.Duration {
	return max(in.at, s.since, c.moved) + c.Wait
}

// giveUpSilent waits no more for inputs that have been silent for too long.
func (c *Coder) giveUpSilent() {
	if len(c.waiting) > 0 {
		head, now := c.waiting[0], c.Now()
		for i := range c.in {
			in := &c.in[i]
			switch {
			case head.msgs[i] != nil || in.state != Live || c.deadline(in, head) > now:
			case c.Congested(c.Inputs[i]):
				in.at = now // it has something, and waits for a downstream of ours
			default:
				c.turn(i, Stalled)
			}
		}
		c.settleReady()
	}
	c.arm()
}

// inputGone is the end of an input. Another upstream may bring it again, with numbers of
// its own.
func (c *Coder) inputGone(app uint32, from core.NodeID) {
	if i := slices.Index(c.Inputs, app); i >= 0 && c.in[i].from == from {
		c.sessionGone(app)
	}
}

// sessionGone turns an input off.
func (c *Coder) sessionGone(app uint32) {
	i := slices.Index(c.Inputs, app)
	if i < 0 {
		return
	}
	c.in[i].seen = false
	c.turn(i, Ended)
	c.settleReady()
	if !slices.ContainsFunc(c.in, func(in input) bool { return in.state != Ended }) {
		for _, app := range c.made {
			c.EndSession(app)
		}
		c.made = c.made[:0]
	}
}

// begin says that this node brings a stream, until the last of its inputs has ended: no
// upstream's word may end what is made here. A stream that is made under the application
// of an input is the upstream's.
func (c *Coder) begin(app uint32) {
	if app != 0 && !slices.Contains(c.made, app) && !slices.Contains(c.Inputs, app) {
		c.made = append(c.made, app)
		c.BeginSession(app)
	}
}
