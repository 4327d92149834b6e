package sflow

import (
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// Point-to-point throughput to the instances that a step may get, by the measurements of algos.Base, one at a time since
// two would share the node's uplink and halve each other.

// probes are measurements that are to be made.
type probes struct {
	queue []probe
	busy  core.NodeID // what is being measured; zero: nothing
}

type probe struct {
	to   core.NodeID
	then []func(rate float64, ok bool)
}

// rate measures the throughput to a node, unless it was of late, and calls then with it in bytes a second, never from
// within; ok is false if the node could not be reached.
func (s *SFlow) rate(to core.NodeID, then func(rate float64, ok bool)) {
	if k := s.instanceOf(to); k != nil && k.measured > 0 && s.Now()-k.measured < s.Fresh {
		rate := k.rate
		s.AfterFunc(0, func() { then(rate, true) })
		return
	}
	if i := slices.IndexFunc(s.probes.queue, func(p probe) bool { return p.to == to }); i >= 0 {
		s.probes.queue[i].then = append(s.probes.queue[i].then, then)
		return
	}
	s.probes.queue = append(s.probes.queue, probe{to, []func(float64, bool){then}})
	s.probe()
}

// probe begins the next measurement.
func (s *SFlow) probe() {
	for s.probes.busy.IsZero() && len(s.probes.queue) > 0 {
		to := s.probes.queue[0].to
		if s.MeasureBandwidth(to) {
			s.probes.busy = to
			return
		}
		s.AfterFunc(0, func() { s.probed(to, 0, false) }) // nobody can have this ID, or too much is being measured
		s.probes.busy = to
	}
}

// measured is told how a measurement ended.
func (s *SFlow) measured(m *core.Msg) {
	r, err := algos.ParseMeasured(m)
	if err == nil && r.What == algos.Bandwidth && r.Peer == s.probes.busy {
		s.Metric("probe_bytes").Add(r.Cost)
		rate := float64(r.Rate)
		if r.Instant {
			rate = math.Inf(1)
		}
		s.probed(r.Peer, rate, r.Failed == "" || r.Instant)
	}
}

func (s *SFlow) probed(to core.NodeID, rate float64, ok bool) {
	if s.probes.busy != to || len(s.probes.queue) == 0 || s.probes.queue[0].to != to {
		return
	}
	p := s.probes.queue[0]
	s.probes.queue, s.probes.busy = slices.Delete(s.probes.queue, 0, 1), core.NodeID{}
	if k := s.instanceOf(to); k != nil && ok {
		k.rate, k.measured = rate, max(s.Now(), 1)
	}
	for _, then := range p.then {
		then(rate, ok)
	}
	s.probe()
}
