package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// driver executes one plan in one world.
type driver struct {
	plan *spec.Plan
	w    world.World
	o    Options
	out  *result.Run

	down, up [][]int             // neighbours by node
	byID     map[core.NodeID]int // node
	nodes    []nodeState
	byEnds   map[[2]int]int // index in out.Links
	links    []linkState    // beside out.Links
	from     [][]int        // indices of links by their upstream node

	offset time.Duration // of the nodes' clocks to the run's
	synced bool
	begun  bool // before it is, the run has no time

	late    result.Lateness // since the last sample
	pulse   *pulse          // nil in virtual time
	when    []time.Duration // by node: when it was read last
	arrived uint64          // messages, at all nodes
	queued  int             // messages that wait, at all nodes that run
	there   []int           // nodes that are planned to run, in order; nil: not gathered yet
	sends   int             // that were noted, or would have been
	noRoom  []string        // nodes that ran out of descriptors, memory or ports, in order of time
	follow  follow          // deliveries.go
}

// nodeState is how the timeline wants a node.
type nodeState struct {
	running   bool
	planned   bool // to run, whatever has become of it
	stopping  bool // it still runs, to deliver what it has accepted
	lives     uint64
	bandwidth spec.NodeBandwidth
	slow      time.Duration
	noRoom    bool    // it ran out of descriptors, memory or ports
	slots     []int32 // of host.InCount: the link and 1; -1: none; 0: not looked for yet
}

// linkState is how the timeline wants a link.
type linkState struct {
	spec.LinkState
	cut    bool
	native bool // the world cuts
}

// wanted is what the link's upstream node must emulate.
func (l *linkState) wanted() spec.LinkState {
	s := l.LinkState
	s.Cut = l.cut && !l.native
	return s
}

func newDriver(p *spec.Plan, w world.World, o Options) *driver {
	d := &driver{
		plan: p, w: w, o: o, out: &result.Run{Plan: p, World: w.Name(), Ended: p.Duration},
		down: p.Downstreams(), up: p.Upstreams(),
		byID: make(map[core.NodeID]int, len(p.Nodes)), byEnds: make(map[[2]int]int, len(p.Links)),
		nodes: make([]nodeState, len(p.Nodes)), from: make([][]int, len(p.Nodes)), when: make([]time.Duration, len(p.Nodes)),
	}
	if p.Record.Deliveries {
		d.follow.dense = result.Dense(len(p.Nodes), len(p.Apps))
	}
	for i, n := range p.Nodes {
		d.byID[w.ID(i)] = i
		d.nodes[i].bandwidth = n.Bandwidth
	}
	for _, l := range p.Links {
		d.links[d.link([2]int{l.From, l.To})].LinkState = l.LinkState
	}
	return d
}

// link finds a link by its ends. One that the plan does not have, because an
// algorithm made it or because it is cut before anybody did, gets a place.
func (d *driver) link(ends [2]int) int {
	i, ok := d.byEnds[ends]
	if !ok {
		i = len(d.links)
		d.byEnds[ends] = i
		d.out.Links = append(d.out.Links, ends)
		_, native := d.w.(world.Cutter)
		d.links = append(d.links, linkState{LinkState: d.plan.DefaultLink, native: native})
		d.from[ends[0]] = append(d.from[ends[0]], i)
	}
	return i
}

// bootAll starts nodes as the timeline wants them now, side by side where the world can do that.
func (d *driver) bootAll(ctx context.Context, nodes []int) error {
	w, sideBySide := d.w.(world.Booter)
	if !sideBySide {
		for _, i := range nodes {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := d.boot(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	setups := make([]host.Setup, len(nodes))
	for k, i := range nodes {
		setups[k] = d.setup(i)
	}
	if err := w.BootAll(ctx, nodes, setups); err != nil {
		return err
	}
	for _, i := range nodes {
		d.booted(i)
	}
	return nil
}

// boot starts a node as the timeline wants it now.
func (d *driver) boot(ctx context.Context, i int) error {
	if err := d.w.Boot(ctx, i, d.setup(i)); err != nil {
		return err
	}
	d.booted(i)
	return nil
}

func (d *driver) booted(i int) {
	st := &d.nodes[i]
	st.running, st.stopping = true, false
	st.slots = nil // the new life counts anew
	st.lives++
	d.out.NodeState(i).Up = true
	d.out.NodeUp(i, d.since())
}

// setup is what a node is when it starts now.
func (d *driver) setup(i int) host.Setup {
	n, st := &d.plan.Nodes[i], &d.nodes[i]
	s := host.Setup{
		Name: n.Name, ID: d.w.ID(i), Algorithm: n.Algorithm, Params: n.Params.Strings(),
		// A node that is started again draws other numbers than before.
		Seed:        d.seed(i),
		Downstreams: d.ids(d.down[i]), Upstreams: d.ids(d.up[i]), Contacts: d.contacts(i),
		CheckEvery: d.o.checkEvery(), Follow: d.follow.dense,
	}
	for _, app := range d.plan.Apps {
		if app.Node == i {
			s.Sources = append(s.Sources, app.ID)
		}
	}
	if st.bandwidth != (spec.NodeBandwidth{}) {
		s.Commands = append(s.Commands, host.Command{Op: host.OpBandwidth, Bandwidth: st.bandwidth})
	}
	plain := d.plan.DefaultLink
	if plain != (spec.LinkState{}) {
		s.Commands = append(s.Commands, host.Command{Op: host.OpDefaultLink, Link: plain})
	}
	for _, l := range d.from[i] {
		if want := d.links[l].wanted(); want != plain {
			s.Commands = append(s.Commands, host.Command{Op: host.OpLink, Peer: d.w.ID(d.out.Links[l][1]), Link: want})
		}
	}
	if st.slow > 0 {
		s.Commands = append(s.Commands, host.Command{Op: host.OpSlow, PerMessage: st.slow})
	}
	return s
}

func (d *driver) ids(nodes []int) (ids []core.NodeID) {
	for _, n := range nodes {
		ids = append(ids, d.w.ID(n))
	}
	return ids
}

// apply does one step of the timeline.
func (d *driver) apply(ctx context.Context, s spec.Step) error {
	d.note(s)
	switch s.Kind { // before any of them starts, so that they know each other
	case spec.StepStart, spec.StepKill, spec.StepStop:
		d.intend(s.Nodes, s.Kind == spec.StepStart)
	}
	switch s.Kind {
	case spec.StepStart, spec.StepKill, spec.StepStop:
		for _, i := range s.Nodes {
			if err := d.life(ctx, s.Kind, i); err != nil {
				return err
			}
		}
	case spec.StepStartApp, spec.StepStopApp:
		return d.source(s)
	case spec.StepBandwidth:
		for k, i := range s.Nodes {
			d.nodes[i].bandwidth = s.Bandwidths[k]
			if err := d.obey(i, host.Command{Op: host.OpBandwidth, Bandwidth: s.Bandwidths[k]}); err != nil {
				return err
			}
		}
	case spec.StepSlow:
		for _, i := range s.Nodes {
			d.nodes[i].slow = s.PerMessage
			if err := d.obey(i, host.Command{Op: host.OpSlow, PerMessage: s.PerMessage}); err != nil {
				return err
			}
		}
	case spec.StepJoin, spec.StepLeave:
		op := host.OpJoin
		if s.Kind == spec.StepLeave {
			op = host.OpLeave
		}
		for _, i := range s.Nodes {
			if err := d.obey(i, host.Command{Op: op, App: d.plan.Apps[s.App].ID}); err != nil {
				return err
			}
		}
	case spec.StepSend:
		return d.send(s)
	case spec.StepLink, spec.StepCut, spec.StepHeal:
		return d.relink(s)
	}
	return nil
}

// obey has a node do something now. One that does not run will do it when it starts.
func (d *driver) obey(i int, c host.Command) error {
	if !d.nodes[i].running {
		return nil
	}
	if err := d.w.Obey(i, c); err != nil {
		return fmt.Errorf("scenario: %s at node %s: %w", c.Op, d.plan.Nodes[i].Name, err)
	}
	return nil
}

// life starts or ends a node. What it has counted is kept before it is killed.
func (d *driver) life(ctx context.Context, kind spec.StepKind, i int) error {
	st, name := &d.nodes[i], d.plan.Nodes[i].Name
	if kind == spec.StepStart && !st.running {
		return d.boot(ctx, i)
	}
	if !st.running || kind == spec.StepStart && !st.stopping {
		state := "runs already"
		if !st.running {
			state = "does not run"
		}
		d.event(d.w.Now(), fmt.Sprintf("nothing to %v: node %s %s", kind, name, state))
		return nil
	}
	if kind == spec.StepStop {
		st.stopping = true
		d.out.NodeDown(i, d.w.Now())
		d.out.NodeState(i).Up = false
		if err := d.w.Stop(i); err != nil {
			return fmt.Errorf("scenario: stop node %s: %w", name, err)
		}
		return nil
	}
	// It is killed, or starts again while it still delivers what it had.
	if err := d.bury(i); err != nil {
		return err
	}
	if err := d.w.Kill(i); err != nil {
		return fmt.Errorf("scenario: kill node %s: %w", name, err)
	}
	if kind == spec.StepStart {
		return d.boot(ctx, i)
	}
	return nil
}

// source starts or stops an application's source.
func (d *driver) source(s spec.Step) error {
	a := &d.plan.Apps[s.App]
	if s.Kind == spec.StepStartApp && !d.nodes[a.Node].running {
		d.event(d.w.Now(), fmt.Sprintf("the source of %s does not begin: node %s does not run", a.Name, d.plan.Nodes[a.Node].Name))
		return nil
	}
	c := host.Command{Op: host.OpStopSource, App: a.ID}
	if s.Kind == spec.StepStartApp {
		c.Op = host.OpStartSource
		c.Source = host.Source{Kind: a.Source, Payload: a.Payload, Limit: a.Limit, MsgsPerSec: a.Pace.MsgsPerSec, For: a.Until - a.From}
		if a.Pace.BytesPerSec > 0 {
			c.Source.MsgsPerSec = a.Pace.BytesPerSec / float64(wire.HeaderSize+a.Payload)
		}
	}
	return d.obey(a.Node, c)
}

// relink changes, cuts or heals links.
func (d *driver) relink(s spec.Step) error {
	for k, i := range s.Links {
		l := d.plan.Links[i]
		if err := d.change([2]int{l.From, l.To}, func(l *linkState) { l.LinkState = s.States[k] }); err != nil {
			return err
		}
	}
	pairs := s.Pairs
	if s.Every {
		pairs = d.out.Links
	}
	for _, ends := range pairs {
		if err := d.change(ends, func(l *linkState) { l.cut = s.Kind == spec.StepCut }); err != nil {
			return err
		}
	}
	return nil
}

// change changes how a link is wanted, and tells its upstream node if that makes a
// difference.
func (d *driver) change(ends [2]int, fn func(*linkState)) error {
	l := &d.links[d.link(ends)]
	before, wasCut := l.wanted(), l.cut
	fn(l)
	if c, ok := d.w.(world.Cutter); ok {
		if err := d.recut(c, ends, wasCut, l.cut); err != nil {
			return err
		}
	}
	if l.wanted() == before {
		return nil
	}
	return d.obey(ends[0], host.Command{Op: host.OpLink, Peer: d.w.ID(ends[1]), Link: l.wanted()})
}

// recut has the world cut or heal one way between two nodes. A world heals both, so
// the other may have to be cut again.
func (d *driver) recut(c world.Cutter, ends [2]int, was, is bool) error {
	switch {
	case was == is:
		return nil
	case is:
		return c.Cut(ends[0], ends[1])
	}
	if err := c.HealBoth(ends[0], ends[1]); err != nil {
		return err
	}
	if back, ok := d.byEnds[[2]int{ends[1], ends[0]}]; ok && d.links[back].cut {
		return c.Cut(ends[1], ends[0])
	}
	return nil
}
