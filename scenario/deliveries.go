package scenario

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
)

// follow joins what the hosts note of messages that are followed: sources when they made
// them, and the others when they came first, and from whom.
type follow struct {
	dense   int              // of host.Setup.Follow; 0: no messages are followed
	known   time.Duration    // what happened until then has been read
	waiting []result.Arrival // for what other nodes have yet to tell
}

// since is the time from which on a node runs that has started now.
func (d *driver) since() time.Duration {
	if !d.begun {
		return 0
	}
	return d.w.Now()
}

// followed takes what a node has noted.
func (d *driver) followed(i int, c *host.Counters) {
	for _, m := range c.Made {
		d.out.Made(m.App, i, m.Seq, m.At-d.offset)
	}
	for _, f := range c.Firsts {
		maker, ok := d.byID[f.Maker]
		if !ok {
			continue // nobody's that a source here could be at
		}
		from, ok := d.byID[f.From]
		switch {
		case f.From.IsZero():
			from = result.PutTogether
		case !ok:
			from = -1
		}
		d.follow.waiting = append(d.follow.waiting, result.Arrival{
			App: f.App, Maker: maker, Node: i, Seq: f.Seq, From: from, At: f.At - d.offset})
	}
	d.out.Missed(c.Missed)
}

// join takes all arrivals of which everything is known. In real time nodes are read one
// after the other, so that a message may have been seen to arrive and not yet to be made:
// such an arrival waits, until all nodes have been read that could know. With all, nobody
// will tell any more.
func (d *driver) join(all bool) {
	f := &d.follow
	if len(f.waiting) == 0 {
		return
	}
	slices.SortStableFunc(f.waiting, func(a, b result.Arrival) int { return cmp.Compare(a.At, b.At) })
	// In order of time a message comes to who sends it before it comes to who gets it from
	// there, but for those that happen at one time.
	for before := -1; before != len(f.waiting); {
		before = len(f.waiting)
		f.waiting = slices.DeleteFunc(f.waiting, func(a result.Arrival) bool { return d.out.Arrived(a, false) })
	}
	f.waiting = slices.DeleteFunc(f.waiting, func(a result.Arrival) bool {
		return (all || a.At <= f.known) && d.out.Arrived(a, true)
	})
}
