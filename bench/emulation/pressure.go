package emulation

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// PressureSpec describes a chain whose middle node becomes slow and recovers.
type PressureSpec struct {
	Over    engine.Links
	Nodes   int
	Before  emul.Rate // of the source's node
	Rate    emul.Rate // of the middle node's uplink while it is slow
	Buffer  int       // messages
	Payload int       // bytes
	Slow    time.Duration
	After   time.Duration
}

// Pressure is how one link upstream of the bottleneck behaved.
type Pressure struct {
	Kind     string  `json:"kind"` // "pressure"
	Over     string  `json:"over"`
	Link     int     `json:"link"` // 1 is the source's
	Before   float64 `json:"before_bytes_per_s"`
	Slow     float64 `json:"slow_bytes_per_s"`
	After    float64 `json:"after_bytes_per_s"`
	Settled  float64 `json:"settled_s"`   // after the limit, until the rate stays within 10% of it; -1: never
	Recovers float64 `json:"recovered_s"` // after the limit was lifted, until within 10% of what it was before; -1: never
	Allowed  float64 `json:"allowed_s"`   // for the buffers to fill at the slow rate, and 2 s
}

const (
	pressureStep   = 50 * time.Millisecond // between two samples
	pressureWarmup = 2 * time.Second
	slowWindow     = 8 * time.Second        // over which the slow rate is averaged: some buffers full
	fastWindow     = 500 * time.Millisecond // and the fast one
	settledWithin  = 0.1
)

// sample is what the nodes had received at a time.
type sample struct {
	at    time.Duration
	bytes []uint64 // by link
}

// MeasurePressure runs the chain.
func MeasurePressure(ctx context.Context, s PressureSpec) ([]Pressure, error) {
	e, err := engine.New(engine.Options{Links: s.Over, Buffers: engine.Buffers{Messages: s.Buffer, Payload: s.Payload}})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	nodes, err := chain(e, s)
	if err != nil {
		return nil, err
	}
	middle := nodes[s.Nodes/2]
	if err := pause(ctx, pressureWarmup); err != nil {
		return nil, err
	}
	before, err := watch(ctx, nodes, fastWindow*2)
	if err != nil {
		return nil, err
	}
	if err := middle.Do(func(n *core.Node) { n.SetBandwidth(emul.Bandwidth{Up: s.Rate}) }); err != nil {
		return nil, err
	}
	slow, err := watch(ctx, nodes, s.Slow)
	if err != nil {
		return nil, err
	}
	if err := middle.Do(func(n *core.Node) { n.SetBandwidth(emul.Bandwidth{}) }); err != nil {
		return nil, err
	}
	after, err := watch(ctx, nodes, s.After)
	if err != nil {
		return nil, err
	}
	links := s.Nodes / 2
	filled := float64(links+1) * 4 * float64(s.Buffer*(s.Payload+wire.HeaderSize)) / float64(s.Rate)
	var out []Pressure
	for i := range links {
		p := Pressure{Kind: "pressure", Over: s.Over.String(), Link: i + 1, Allowed: filled + 2}
		p.Before = rateOver(before, i, 0, len(before)-1)
		p.Slow = rateOver(slow, i, len(slow)-1-int(2*slowWindow/pressureStep), len(slow)-1)
		p.After = rateOver(after, i, len(after)-1-int(2*fastWindow/pressureStep), len(after)-1)
		p.Settled = settles(slow, i, float64(s.Rate), slowWindow)
		p.Recovers = settles(after, i, float64(s.Before), fastWindow)
		out = append(out, p)
	}
	return out, nil
}

// chain makes the nodes, last first, and starts the source.
func chain(e *engine.Engine, s PressureSpec) ([]*engine.Node, error) {
	nodes := make([]*engine.Node, s.Nodes)
	for i := s.Nodes - 1; i >= 0; i-- {
		var o engine.NodeOptions
		var next []core.NodeID
		if i == 0 {
			o.Bandwidth.Up = s.Before
		}
		if i+1 < s.Nodes {
			next = append(next, nodes[i+1].ID())
		}
		var err error
		if nodes[i], err = e.AddNode(relay.New(nil, next...), o); err != nil {
			return nil, fmt.Errorf("node %d of %d: %w", i+1, s.Nodes, err)
		}
	}
	return nodes, nodes[0].Do(func(n *core.Node) {
		n.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: s.Payload}))
	})
}

// watch takes samples of what every node but the first has received.
func watch(ctx context.Context, nodes []*engine.Node, d time.Duration) ([]sample, error) {
	var out []sample
	start := time.Now()
	for time.Since(start) < d+pressureStep {
		sm := sample{bytes: make([]uint64, len(nodes)-1)}
		for i, n := range nodes[1:] {
			if err := n.Do(func(n *core.Node) {
				sm.at = n.Now()
				for _, l := range n.Stats().Upstream {
					sm.bytes[i] += l.Bytes
				}
			}); err != nil {
				return nil, err
			}
		}
		out = append(out, sm)
		if err := pause(ctx, pressureStep); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rateOver is a link's rate between two samples, in bytes a second.
func rateOver(s []sample, link, from, to int) float64 {
	from = max(from, 0)
	return float64(s[to].bytes[link]-s[from].bytes[link]) / (s[to].at - s[from].at).Seconds()
}

// settles is after how many seconds a link's rate, averaged over a window, is within
// settledWithin of what is wanted for good; -1 for never.
func settles(s []sample, link int, want float64, window time.Duration) float64 {
	settled := -1.0
	for i, to := 0, 0; ; i++ {
		for to < len(s) && s[to].at-s[i].at < window {
			to++
		}
		if to == len(s) {
			return settled
		}
		switch fits := math.Abs(rateOver(s, link, i, to)-want) <= settledWithin*want; {
		case !fits:
			settled = -1
		case settled < 0:
			settled = (s[i].at - s[0].at).Seconds()
		}
	}
}
