package scenario

import (
	"context"
	"time"

	"github.com/ioverlay/ioverlay/core"
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
	rec     *recorder       // nil: the run is not recorded
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
	d.rec.up(i)
}

// setup is what a node is when it starts now.
func (d *driver) setup(i int) host.Setup {
	n, st := &d.plan.Nodes[i], &d.nodes[i]
	s := host.Setup{
		Name: n.Name, ID: d.w.ID(i), Algorithm: n.Algorithm, Params: n.Params.Strings(),
		// A node that is started again draws other numbers than before.
		Seed:        d.seed(i),
		Downstreams: d.ids(d.down[i]), Upstreams: d.ids(d.up[i]), Contacts: d.contacts(i),
		CheckEvery: d.o.checkEvery(), Follow: d.follow.dense, Told: d.rec != nil,
		Observers: d.observers(), Group: n.Group, Place: n.Place,
	}
	for _, app := range d.plan.Apps {
		s.Apps = append(s.Apps, host.App{Name: app.Name, ID: app.ID, Media: app.Source == spec.Media, Delay: app.Delay, File: app.Source == spec.WholeFile})
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

// observers are those that nodes report to: in virtual time there are none.
func (d *driver) observers() (ids []core.NodeID) {
	if d.w.Name() == "sim" {
		return nil
	}
	for _, at := range d.plan.Observers {
		ids = append(ids, core.NodeIDFrom(at))
	}
	return ids
}

func (d *driver) ids(nodes []int) (ids []core.NodeID) {
	for _, n := range nodes {
		ids = append(ids, d.w.ID(n))
	}
	return ids
}
