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

// Scope is what is limited.
type Scope string

// The scopes: the paper's categories.
const (
	PerLink Scope = "link"  // each link of a node to its downstreams
	Up      Scope = "up"    // a node's links to downstream together
	Down    Scope = "down"  // a node's links from upstream together
	Total   Scope = "total" // both
)

// Scopes are all of them.
var Scopes = []Scope{PerLink, Up, Down, Total}

// AccuracySpec is one setting to measure.
type AccuracySpec struct {
	Over   engine.Links
	Scope  Scope
	Rate   emul.Rate
	Links  int
	Warmup time.Duration
	Window time.Duration
}

// Accuracy is what was measured for a setting.
type Accuracy struct {
	Kind         string  `json:"kind"` // "accuracy"
	Over         string  `json:"over"` // tcp or mem
	Scope        Scope   `json:"scope"`
	RateBytes    int64   `json:"rate_bytes_per_s"` // asked for
	Links        int     `json:"links"`
	PayloadBytes int     `json:"payload_bytes"`
	Seconds      float64 `json:"seconds"`              // of the window
	Measured     float64 `json:"measured_bytes_per_s"` // headers and payload; per link, the link that is furthest off
	Error        float64 `json:"error"`                // measured / asked for - 1
	LeastShare   float64 `json:"least_share"`          // of the slowest link, as a part of an equal share
	MostShare    float64 `json:"most_share"`           // of the fastest
}

// payload keeps some hundred messages in a window, so that the error is not that of
// whole messages.
func (s AccuracySpec) payload() int {
	return int(min(max(int64(s.Rate)/200, 64), 5120))
}

// measure runs one setting on an engine of its own.
func measure(ctx context.Context, s AccuracySpec) (a Accuracy, err error) {
	a = Accuracy{Kind: "accuracy", Over: s.Over.String(), Scope: s.Scope, RateBytes: int64(s.Rate), Links: s.Links, PayloadBytes: s.payload()}
	e, err := engine.New(engine.Options{Links: s.Over})
	if err != nil {
		return a, err
	}
	defer e.Close()
	rig, err := build(e, s)
	if err != nil {
		return a, fmt.Errorf("%v, %v, %d links: %w", s.Scope, s.Rate, s.Links, err)
	}
	if err := pause(ctx, s.Warmup); err != nil {
		return a, err
	}
	before, err := rig.read()
	if err != nil {
		return a, err
	}
	if err := pause(ctx, s.Window); err != nil {
		return a, err
	}
	after, err := rig.read()
	if err != nil {
		return a, err
	}
	a.fill(s, before, after)
	return a, nil
}

// fill computes the figures from the meters at both ends of the window.
func (a *Accuracy) fill(s AccuracySpec, before, after []meter) {
	var sum float64
	least, most := math.Inf(1), 0.0
	for i := range before {
		seconds := (after[i].at - before[i].at).Seconds()
		rate := float64(after[i].bytes-before[i].bytes) / seconds
		a.Seconds += seconds / float64(len(before))
		sum += rate
		least, most = min(least, rate), max(most, rate)
	}
	equal := sum / float64(len(before))
	a.LeastShare, a.MostShare = least/equal, most/equal
	a.Measured = sum
	if s.Scope == PerLink {
		a.Measured = least
		if math.Abs(most-float64(s.Rate)) > math.Abs(least-float64(s.Rate)) {
			a.Measured = most
		}
	}
	a.Error = a.Measured/float64(s.Rate) - 1
}

// rig is the nodes of a setting and where its traffic is counted: at the receiving
// end of each link.
type rig struct {
	spec AccuracySpec
	ends []end
}

// end is the receiving end of a link.
type end struct {
	at   *engine.Node
	from core.NodeID
}

// meter is a reading: bytes, headers included, that came over a link so far.
type meter struct {
	at    time.Duration
	bytes uint64
}

func (r *rig) read() ([]meter, error) {
	ms := make([]meter, len(r.ends))
	for i, e := range r.ends {
		if err := e.at.Do(func(n *core.Node) {
			ms[i].at = n.Now()
			for _, l := range n.Stats().Upstream {
				if l.From == e.from {
					ms[i].bytes += l.Bytes
				}
			}
		}); err != nil {
			return nil, err
		}
	}
	return ms, nil
}

// build makes the nodes: a hub that is limited, with leaves before it, behind it or on
// both sides.
func build(e *engine.Engine, s AccuracySpec) (*rig, error) {
	r := &rig{spec: s}
	ins, outs := 0, s.Links
	switch s.Scope {
	case Down:
		ins, outs = s.Links, 0
	case Total:
		ins = max(s.Links/2, 1)
		outs = s.Links - ins
	}
	var downstreams []core.NodeID
	for range outs {
		leaf, err := e.AddNode(relay.New(nil), engine.NodeOptions{})
		if err != nil {
			return nil, err
		}
		downstreams = append(downstreams, leaf.ID())
		r.ends = append(r.ends, end{at: leaf})
	}
	if s.Scope == Total && outs > 0 {
		if err := r.addSpread(e, ins, downstreams); err != nil {
			return nil, err
		}
		return r, nil
	}
	hub, err := e.AddNode(relay.New(nil, downstreams...), engine.NodeOptions{Bandwidth: bandwidth(s)})
	if err != nil {
		return nil, err
	}
	for i := range r.ends {
		r.ends[i].from = hub.ID()
	}
	if err := hub.Do(func(n *core.Node) {
		for _, d := range downstreams {
			if s.Scope == PerLink {
				n.SetLink(d, emul.Link{Rate: s.Rate})
			}
		}
		if outs > 0 {
			n.AddSource(1, r.source(1))
		}
	}); err != nil {
		return nil, err
	}
	for range ins {
		if err := r.addUpstream(e, hub, 1); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// addSpread makes the hub of the total scope: what comes from upstream node i goes to
// downstream node i, so that both directions compete.
func (r *rig) addSpread(e *engine.Engine, ins int, downstreams []core.NodeID) error {
	hub, err := e.AddNode(&spread{downstreams: downstreams}, engine.NodeOptions{Bandwidth: bandwidth(r.spec)})
	if err != nil {
		return err
	}
	for i := range r.ends {
		r.ends[i].from = hub.ID()
	}
	for i := range ins {
		if err := r.addUpstream(e, hub, uint32(i+1)); err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) addUpstream(e *engine.Engine, hub *engine.Node, app uint32) error {
	up, err := e.AddNode(relay.New(nil, hub.ID()), engine.NodeOptions{})
	if err != nil {
		return err
	}
	r.ends = append(r.ends, end{at: hub, from: up.ID()})
	return up.Do(func(n *core.Node) { n.AddSource(app, r.source(app)) })
}

func (r *rig) source(app uint32) core.Source {
	return apps.NewBackToBack(apps.Stream{App: app, Payload: r.spec.payload()})
}

func bandwidth(s AccuracySpec) emul.Bandwidth {
	switch s.Scope {
	case Up:
		return emul.Bandwidth{Up: s.Rate}
	case Down:
		return emul.Bandwidth{Down: s.Rate}
	case Total:
		return emul.Bandwidth{Total: s.Rate}
	}
	return emul.Bandwidth{}
}

// spread is a relay that sends each application to a downstream node of its own.
type spread struct {
	relay.Relay
	downstreams []core.NodeID
}

// Process implements core.Algorithm.
func (p *spread) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		p.Send(m, p.downstreams[int(m.App()-1)%len(p.downstreams)])
		return core.Done
	}
	return p.Relay.Process(m)
}

// pause waits, or returns why it should not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
