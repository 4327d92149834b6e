package scenario

import (
	"context"
	"fmt"

	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// What a step of the timeline does.

// apply does one step of the timeline.
func (d *driver) apply(ctx context.Context, s spec.Step) error {
	d.note(s)
	d.rec.step(s)
	defer d.rec.stepped(s)
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
		d.rec.stopping(i)
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
		c.Source = host.Source{Kind: a.Source, Payload: a.Payload, Limit: a.Limit, MsgsPerSec: a.Pace.MsgsPerSec, For: a.Until - a.From, Size: a.Size, Name: a.Name}
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
