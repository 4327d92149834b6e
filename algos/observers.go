package algos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Observers (paper, section 2.2): a node tells those that it has of itself when it starts, and again
// when it has lost one: after a pause that doubles, with jitter, since thousands may have lost the
// same one. An observer that comes back and dials the node ends the pause.

// About is what a node says of itself in its status reports, for people and maps.
type About struct {
	Name      string // what people call the node
	Group     string // those that belong together have the same, such as "gateway"
	Algorithm string // by the name that it is registered with
	Place     *Place // nil if nobody knows
}

// Place is where a node is on the earth.
type Place struct {
	Lat   float64 `cbor:"lat"` // degrees north, -90 to 90
	Lon   float64 `cbor:"lon"` // degrees east, -180 to 180
	Label string  `cbor:"label,omitempty"`
}

// StatusCaps is the node's own emulated bandwidth, in bytes a second; 0 is no limit.
type StatusCaps struct {
	Total int64 `cbor:"total"`
	Up    int64 `cbor:"up"`
	Down  int64 `cbor:"down"`
}

// StatusProcess is what a node's process has used. Nodes of one process report the same.
type StatusProcess struct {
	PID        int           `cbor:"pid"`
	Host       string        `cbor:"host"`
	CPU        time.Duration `cbor:"cpu"`        // user and system, ns since the process started
	RSS        int64         `cbor:"rss"`        // bytes now
	FDs        int           `cbor:"fds"`        // open descriptors; 0 where the system does not tell
	Goroutines int           `cbor:"goroutines"` // that run or wait
}

// boots are the observers that are to be told again, with the time for each.
type boots struct {
	due []bootDue
}

// bootDue is one observer that was lost.
type bootDue struct {
	observer core.NodeID
	at       time.Duration
	waiting  bool
	failures int // in a row
}

// observers calls fn for each observer that the node has.
func (b *Base) observers(fn func(core.NodeID)) {
	if b.canReach(b.Observer) {
		fn(b.Observer)
	}
	for _, id := range b.Watchers {
		if id != b.Observer && b.canReach(id) {
			fn(id)
		}
	}
}

// observedBy reports whether a node is one of the observers.
func (b *Base) observedBy(id core.NodeID) bool {
	return !id.IsZero() && (id == b.Observer || slices.Contains(b.Watchers, id))
}

// boot tells the observers that this node is up (paper, section 2.2). One that cannot be
// reached, or whose link breaks, is told again, so that an observer that starts late or anew
// finds everybody.
func (b *Base) boot() {
	if b.Reports != nil {
		b.joinReports()
		return
	}
	b.observers(b.bootTo)
}

func (b *Base) bootTo(observer core.NodeID) { b.Send(b.NewMsg(wire.TypeBoot, 0, 0), observer) }

// observerLost plans to tell an observer again whose link has failed.
func (b *Base) observerLost(ev core.LinkEvent) {
	if ev.Direction != core.Downstream || ev.App != 0 || b.Reports != nil || !b.observedBy(ev.Peer) {
		return
	}
	if ev.Reason == core.ReasonIdle || ev.Reason == core.ReasonEnded {
		return // it was this node that closed the link: the observer is there still
	}
	d := b.bootOf(ev.Peer)
	if d.waiting {
		return
	}
	pause := bootPauseMin << min(d.failures, 16)
	most := b.BootPause
	if most <= 0 {
		most = bootPauseMax
	}
	pause = max(min(pause, most), 2) // ns: it is drawn between half of that and all
	d.failures++
	d.waiting = true
	d.at = b.Now() + pause/2 + time.Duration(b.Rand().Int64N(int64(pause/2)))
	b.armBoots()
}

// observerCame tells an observer at once that has opened a link to this node while it was
// thought to be gone, and forgets that it was once a link to it is up.
func (b *Base) observerCame(ev core.LinkEvent) {
	if ev.App != 0 || len(b.boots.due) == 0 || !b.observedBy(ev.Peer) {
		return
	}
	d := b.bootOf(ev.Peer)
	d.failures = 0
	if d.waiting && ev.Direction == core.Upstream {
		d.waiting = false
		b.bootTo(ev.Peer)
	}
}

// bootDue tells the observers whose time has come.
func (b *Base) bootDue() {
	for i := range b.boots.due {
		if d := &b.boots.due[i]; d.waiting && d.at <= b.Now() {
			d.waiting = false
			if b.observedBy(d.observer) { // it may have been changed since
				b.bootTo(d.observer)
			}
		}
	}
	b.armBoots()
}

// armBoots sets the timer for the next observer.
func (b *Base) armBoots() {
	var next time.Duration
	waits := false
	for _, d := range b.boots.due {
		if d.waiting && (!waits || d.at < next) {
			next, waits = d.at, true
		}
	}
	if waits {
		b.After(max(next-b.Now(), 0), bootTimer)
	}
}

// bootOf is what is planned for an observer.
func (b *Base) bootOf(observer core.NodeID) *bootDue {
	due := &b.boots.due
	i := slices.IndexFunc(*due, func(d bootDue) bool { return d.observer == observer })
	if i < 0 {
		*due = slices.DeleteFunc(*due, func(d bootDue) bool { return !b.observedBy(d.observer) })
		*due = append(*due, bootDue{observer: observer})
		i = len(*due) - 1
	}
	return &(*due)[i]
}

// Tracef sends a line for their logs to the observers, if there are any: UTF-8 text, cut
// where it gets too long or a little before.
func (b *Base) Tracef(format string, args ...any) {
	if b.Reports != nil {
		text := fmt.Sprintf(format, args...)
		b.Reports.Line(b.ID(), []byte(strings.ToValidUTF8(text[:min(len(text), maxTrace)], "")))
		return
	}
	var line []byte
	b.observers(func(observer core.NodeID) {
		if line == nil {
			text := fmt.Sprintf(format, args...)
			line = []byte(strings.ToValidUTF8(text[:min(len(text), maxTrace, max(b.capacity(), 0))], ""))
		}
		b.Send(b.newFilled(wire.TypeTrace, 0, line), observer)
	})
}

// describe adds to a report what the node says of itself.
func (b *Base) describe(s *Status) {
	s.Name, s.Group, s.Algorithm, s.Place = b.About.Name, b.About.Group, b.About.Algorithm, b.About.Place
	if w := b.Bandwidth(); w.Total != 0 || w.Up != 0 || w.Down != 0 {
		s.Caps = &StatusCaps{Total: int64(w.Total), Up: int64(w.Up), Down: int64(w.Down)}
	}
	if b.Usage != nil {
		u := b.Usage()
		s.Process = &u
	}
	if b.Reports != nil {
		via := b.Reports.Reporter()
		s.Via = &via
	}
	s.Metrics, s.States = b.MetricLevels(), b.MetricStates()
}
