package result

import (
	"math"
	"math/bits"
	"time"

	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Messages that are followed: when each was made, and when it came to each node for the
// first time and over how many links. Their latencies and hops are kept as a node's metrics
// are; who has which message is kept for coverage.

// The names of what is kept by node and application.
const (
	latencyName = "latency" // seconds
	hopsName    = "hops"
)

// maxCells bounds messages times nodes: eight bytes each. What goes over is counted.
const maxCells = 16 << 20

// leastDense and mostDense bound how many messages of each source are followed before they
// are thinned.
const leastDense, mostDense = 16, 1024

// Dense is how many messages of each source a run of so many nodes and applications follows
// before it thins them out: a power of two. There are then half as many of each doubling.
func Dense(nodes, apps int) int {
	n := max(maxCells/16/max(nodes, 1)/max(apps, 1), 1)
	return min(max(1<<(bits.Len(uint(n))-1), leastDense), mostDense)
}

type followed struct {
	messages []message
	byKey    map[messageKey]int // in messages
	cells    int
	over     uint64 // messages that were not followed for want of room, and first arrivals nobody noted
	unknown  uint64 // first arrivals over a way that is not known
	lives    [][]life
}

type messageKey struct {
	app   uint32
	maker int32
	seq   uint64
}

type message struct {
	messageKey
	made time.Duration
	// By node. A delay is in units of tick, rounded up, and 1 more; 0: it has not come. Hops
	// are 0 if it has not come or over a way that is not known.
	delay []uint32
	hops  []uint32
}

// tick is the unit of delays that are kept: a multiple of it is told from what is later.
const tick = 10 * time.Microsecond

// life is a time that a node ran.
type life struct{ up, down time.Duration }

// forever is when a life ends that has not.
const forever = time.Duration(math.MaxInt64)

// NodeUp says that a node runs from a time on; NodeDown that it takes nothing new from then.
func (r *Run) NodeUp(node int, at time.Duration) {
	f := &r.followed
	if f.lives == nil {
		f.lives = make([][]life, len(r.Plan.Nodes))
	}
	f.lives[node] = append(f.lives[node], life{at, forever})
}

// NodeDown ends what NodeUp began, if that has not been done.
func (r *Run) NodeDown(node int, at time.Duration) {
	if f := &r.followed; f.lives != nil {
		if n := len(f.lives[node]); n > 0 && f.lives[node][n-1].down == forever {
			f.lives[node][n-1].down = at
		}
	}
}

// Made says that a source at a node made a message that is followed.
func (r *Run) Made(app uint32, node int, seq uint64, at time.Duration) {
	f := &r.followed
	k := messageKey{app, int32(node), seq}
	if _, twice := f.byKey[k]; twice {
		return // receivers take it for the same, and so does this
	}
	if f.cells += len(r.Plan.Nodes); f.cells > maxCells {
		f.cells -= len(r.Plan.Nodes)
		f.over++
		return
	}
	if f.byKey == nil {
		f.byKey = make(map[messageKey]int)
	}
	f.byKey[k] = len(f.messages)
	f.messages = append(f.messages, message{messageKey: k, made: at})
}

// Missed counts first arrivals that a node could not note.
func (r *Run) Missed(n uint64) { r.followed.over += n }

// Arrival is that a message came to a node for the first time since that started.
type Arrival struct {
	App         uint32
	Maker, Node int
	Seq         uint64
	From        int // the upstream node; -1: none of the plan's; or PutTogether
	At          time.Duration
}

// PutTogether stands for the upstream of a message that came coded, from several: it has a latency, and
// no number of hops.
const PutTogether = -2

// Arrived takes an arrival, unless the message or the way that it came is not known yet:
// then it reports false, and does nothing but with last, which says that nobody will ever
// know. What was never made by a source is no message that is followed.
func (r *Run) Arrived(a Arrival, last bool) bool {
	f := &r.followed
	i, known := f.byKey[messageKey{a.App, int32(a.Maker), a.Seq}]
	if !known {
		return last
	}
	m := &f.messages[i]
	if m.delay == nil {
		m.delay, m.hops = make([]uint32, len(r.Plan.Nodes)), make([]uint32, len(r.Plan.Nodes))
	}
	if a.Node == a.Maker || m.delay[a.Node] > 0 {
		return true // its own, or it had it in an earlier life
	}
	var hops uint32 // no message passes more nodes than there are
	switch {
	case a.From == PutTogether:
	case a.From == a.Maker:
		hops = 1
	case a.From >= 0 && m.hops[a.From] > 0:
		hops = m.hops[a.From] + 1
	case !last:
		return false
	default:
		f.unknown++
	}
	took := max(a.At-m.made, 0)
	m.delay[a.Node] = uint32(min((took+tick-1)/tick, math.MaxUint32-1)) + 1
	r.own.at(ownKey{a.Node, a.App, latencyName}, metric.KindHistogram).record().Record(took.Seconds())
	if hops > 0 {
		m.hops[a.Node] = hops
		r.own.at(ownKey{a.Node, a.App, hopsName}, metric.KindHistogram).record().Record(float64(hops))
	}
	return true
}

// Following implements spec.Readings.
func (r *Run) Following() bool { return r.Plan.Record.Deliveries }

// Coverage implements spec.Readings. A message is judged if it was made so early that the
// run went on for as long, and by the nodes that ran from when it was made until then.
func (r *Run) Coverage(of []spec.Target, app uint32, within, from, to time.Duration) (share float64, messages int) {
	for i := range r.followed.messages {
		m := &r.followed.messages[i]
		if app != all && m.app != app || m.made < from || m.made >= to {
			continue
		}
		if have, among := r.reached(m, of, within); among > 0 {
			share += float64(have) / float64(among)
			messages++
		}
	}
	return share / float64(max(messages, 1)), messages
}

// reached is how many of how many nodes a message reached; of none if it is not to be judged.
func (r *Run) reached(m *message, of []spec.Target, within time.Duration) (have, among int) {
	until := m.made + within
	if within == 0 {
		until = r.Last()
	}
	if until > r.Last() {
		return 0, 0
	}
	for _, t := range of {
		for n := range r.nodesOf(t) {
			if n == int(m.maker) || !r.followed.ran(n, m.made, until) {
				continue
			}
			among++
			if n < len(m.delay) && m.delay[n] > 0 && (within == 0 || time.Duration(m.delay[n]-1)*tick <= within) {
				have++
			}
		}
	}
	return have, among
}

// ran reports whether a node ran from one time until another.
func (f *followed) ran(node int, from, to time.Duration) bool {
	if f.lives == nil {
		return false
	}
	for _, l := range f.lives[node] {
		if l.up <= from && to <= l.down {
			return true
		}
	}
	return false
}
