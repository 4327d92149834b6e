package stream

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
)

// sinkMetrics are the figures of a sink, for scenarios.
type sinkMetrics struct {
	played, lost, late, repaired, bad *metric.Counter
	delay, gap                        *metric.Histogram
	told                              SinkCounts
}

// Measure has the sink keep figures of itself at the node: the counters stream_played, stream_lost, stream_late,
// stream_repaired and stream_bad, and the histograms stream_delay (s, from source to playing) and stream_gap (s of media).
func (s *Sink) Measure(n *core.Node) {
	s.metrics = &sinkMetrics{
		played: n.Metric("stream_played"), lost: n.Metric("stream_lost"), late: n.Metric("stream_late"),
		repaired: n.Metric("stream_repaired"), bad: n.Metric("stream_bad"),
		delay: n.Histogram("stream_delay"), gap: n.Histogram("stream_gap"),
	}
	for _, c := range []*metric.Counter{s.metrics.played, s.metrics.lost, s.metrics.late, s.metrics.repaired, s.metrics.bad} {
		c.Add(0) // it is there though nothing happens
	}
}

// tell brings the figures up to date.
func (s *Sink) tell() {
	m := s.metrics
	if m == nil {
		return
	}
	c := s.Counts()
	for _, f := range []struct {
		to      *metric.Counter
		is, was uint64
	}{
		{m.played, c.Played, m.told.Played},
		{m.lost, c.Lost, m.told.Lost},
		{m.late, c.Late, m.told.Late},
		{m.repaired, c.Repaired, m.told.Repaired},
		{m.bad, c.Bad + c.Damaged, m.told.Bad + m.told.Damaged},
	} {
		if f.is > f.was {
			f.to.Add(f.is - f.was)
		}
	}
	m.told = c
}
