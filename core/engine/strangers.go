package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Strangers: peers that have not brought a whole message yet. A message of a mebibyte takes
// as much memory before it is whole, and nobody need ever finish it; so what all strangers
// of a loop have begun may take a share of the budget and no more. Those beyond wait
// (starve) for others to finish, and sessions that are under way do not notice.
//
//	weigh    after each read: what has the stranger begun? A whole message ends it
//	excess   may it begin more? Small messages always, the eldest of those that wait too
//	evict    who is silent in the middle of a message while others wait loses it, the one
//	         that has held its memory longest first
//
// A peer that has brought something before and falls silent in a message loses it too, if
// the whole budget is used up.

// credit is what a connection has of memory, as far as that matters to others.
type credit struct {
	stranger bool
	owes     int64  // bytes, of the loop's strangers' share
	reads    uint64 // at the last look of evict
	known    bool   // to evict, in the middle of this message
	first    time.Duration
	quiet    time.Duration // when it was last seen to have brought something
}

// strangers is what a loop knows of them.
type strangers struct {
	owed   int64  // by all
	elder  *tcpIn // may go on although the share is used up
	looked time.Duration
}

// weigh is called when a stranger's lane has switched what came.
func (c *tcpIn) weigh() {
	lp := c.loop
	owes := 2 * int64(c.framer.Buffered()) // the framer gives at most twice what it has
	if c.lane.Taken().Msgs > 0 {
		c.credit.stranger, owes = false, 0
	}
	lp.strangers.owed += owes - c.credit.owes
	c.credit.owes = owes
	if !c.credit.stranger && lp.strangers.elder == c {
		lp.strangers.elder = nil
	}
}

// pardon forgets what a connection owes, which is over.
func (c *tcpIn) pardon() {
	c.loop.strangers.owed -= c.credit.owes
	c.credit.owes = 0
	if c.loop.strangers.elder == c {
		c.loop.strangers.elder = nil
	}
}

// excess reports whether a stranger has to wait.
func (c *tcpIn) excess() bool {
	lp := c.loop
	s := &lp.strangers
	if c.framer.Buffered() < smallMessage || s.owed < lp.strangersShare() || s.elder == c {
		return false
	}
	if s.elder == nil || s.elder.lane.Busy() { // whose message is whole, and waits for its node
		s.elder = c
		return false
	}
	lp.evict()
	return true
}

// allowance is how much of a stranger may be read at once: no more than a small message if
// the share is used up.
func (c *tcpIn) allowance(limit int) int {
	lp := c.loop
	if lp.strangers.owed < lp.strangersShare() || lp.strangers.elder == c {
		return limit
	}
	return max(1, min(limit, smallMessage-c.framer.Buffered()))
}

// strangersShare is what the strangers of a loop may hold.
func (lp *loop) strangersShare() int64 {
	return lp.eng.budget / strangersPart / int64(len(lp.eng.loops))
}

// evict looks who is silent while others wait for memory, and ends those that have been
// for long enough until there is room. It looks now and then, however often it is called.
func (lp *loop) evict() {
	now := lp.Now()
	if s := &lp.strangers; now < s.looked+evictPause {
		return
	}
	lp.strangers.looked = now
	var silent []*tcpIn
	for _, h := range lp.fds {
		if c, ok := h.(*tcpIn); ok && c.lane != nil && c.idles(now) {
			silent = append(silent, c)
		}
	}
	slices.SortFunc(silent, func(a, b *tcpIn) int { return cmp.Compare(a.credit.first, b.credit.first) })
	for _, c := range silent {
		short := lp.eng.pool.Stats().InUse > lp.eng.budget-lp.eng.budget/strangersPart
		if c.credit.stranger && lp.strangers.owed >= lp.strangersShare()/2 || short {
			c.end(core.ReasonNoRoom, fmt.Errorf("memory is short, and nothing more came of a message of which %d bytes had", c.framer.Buffered()))
		}
	}
}

// idles notes what a connection in the middle of a message has brought since the last
// look, and reports whether that is nothing for too long, or too little.
func (c *tcpIn) idles(now time.Duration) bool {
	k := &c.credit
	if c.lingering || c.lane.Busy() || c.framer.Buffered() < smallMessage {
		k.known = false
		return false
	}
	if !k.known {
		k.known, k.first, k.quiet, k.reads = true, now, now, c.reads
	}
	if k.reads != c.reads {
		k.quiet, k.reads = now, c.reads
	}
	if c.watch != watching { // one that we do not read is not to blame
		k.quiet, k.first = now, now
	}
	patience := silentPeer
	if k.stranger {
		patience = silentStranger
	}
	return now-k.quiet >= patience || k.stranger && c.watch == watching && c != c.loop.strangers.elder && now-k.first >= memoryTimeout
}
