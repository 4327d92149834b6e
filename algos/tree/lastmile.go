package tree

import (
	"slices"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// lastMile is a node's measuring of its own last mile: what it can send to some known hosts, one after another since two
// would share it. The last mile is at least the best of these, and the best is less only where all of them have less.
type lastMile struct {
	left []core.NodeID // to be measured to
	busy core.NodeID   // is being measured to; zero: nobody
	best float64       // so far, bytes a second
	done bool
	then []func() // what waits for the end
}

// mostMeasured stands for what is too fast to be measured, as between nodes in memory; bytes a second.
const mostMeasured = 1e10

// measureFirst reports whether something has to wait until the last mile is measured, and calls it then, never from within.
func (t *Tree) measureFirst(then func()) bool {
	l := &t.lastMile
	if t.Measure <= 0 || l.done {
		return false
	}
	if l.busy.IsZero() {
		l.best, l.left = 0, t.Sample(t.Measure)
		if !t.measureNext() {
			return false // nobody is known who could be measured to; whoever asks again has it tried again
		}
	}
	l.then = append(l.then, then)
	return true
}

// measureNext begins the next measurement, and reports whether there is one.
func (t *Tree) measureNext() bool {
	l := &t.lastMile
	for len(l.left) > 0 {
		to := l.left[0]
		l.left = slices.Delete(l.left, 0, 1)
		if t.MeasureBandwidth(to) {
			l.busy = to
			return true
		}
	}
	l.busy = core.NodeID{}
	return false
}

// measured is told how a measurement ended.
func (t *Tree) measured(m *core.Msg) {
	l := &t.lastMile
	r, err := algos.ParseMeasured(m)
	if err != nil || r.What != algos.Bandwidth || r.Peer != l.busy {
		return
	}
	t.Metric("measure_bytes").Add(r.Cost)
	switch {
	case r.Instant:
		l.best = mostMeasured
	case r.Failed == "":
		l.best = max(l.best, float64(r.Rate))
	}
	if t.measureNext() {
		return
	}
	if l.done = true; l.best > 0 { // where all have failed, the node has to come in without
		t.Gauge("last_mile").Set(l.best)
		for _, s := range t.sessions {
			t.changed(s)
		}
	}
	then := l.then
	l.then = nil
	for _, fn := range then {
		fn()
	}
}
