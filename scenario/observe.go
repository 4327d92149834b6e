package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// sample reads everything and keeps it as of a time of the timeline.
func (d *driver) sample(at time.Duration) error {
	if err := d.read(); err != nil {
		return err
	}
	s := result.Sample{At: at, Late: d.late}
	s.Late.Timers = max(s.Late.Timers, d.pulse.worst())
	d.late = result.Lateness{}
	if slices.ContainsFunc(d.when, func(t time.Duration) bool { return t != at }) {
		s.When = slices.Clone(d.when)
	}
	d.out.Take(s)
	d.rec.sample(at)
	return nil
}

// read reads what has changed at the nodes that run since it was called last.
func (d *driver) read() error {
	running := d.running()
	asked := d.w.Now()
	counters, err := d.w.Count(running)
	if err != nil {
		return fmt.Errorf("scenario: read the counters: %w", err)
	}
	now := d.w.Now()
	for i := range d.when {
		d.when[i] = now
	}
	var broken *Violation // of those of this reading, which are not in order of time
	d.follow.known = now
	for k, i := range running {
		c := &counters[k]
		d.sync(c, now)
		d.foldOwn(i, c)
		d.follow.known = min(d.follow.known, c.At-d.offset)
		if err := d.crashed(i, c); err != nil {
			return err
		}
		d.when[i] = c.At - d.offset
		d.late.Loops = max(d.late.Loops, d.when[i]-asked)
		d.fold(i, c)
		broken = earlier(broken, d.broken(i, c))
		if c.Ended { // it was stopped, by the timeline or by a message
			d.gone(i)
			d.happened(record.EventDown, i, now, "node "+d.plan.Nodes[i].Name+" ended")
			if err := d.w.Kill(i); err != nil {
				return fmt.Errorf("scenario: let go of node %s: %w", d.plan.Nodes[i].Name, err)
			}
		}
	}
	d.join(false)
	return asError(broken)
}

// sync learns how the nodes' clocks are to the run's: they are one clock, with another
// beginning.
func (d *driver) sync(c *host.Counters, now time.Duration) {
	if !d.synced {
		d.offset, d.synced = c.At-now, true
	}
}

// crashed says that a node's algorithm has panicked, if it has.
func (d *driver) crashed(i int, c *host.Counters) error {
	if c.Crash == "" {
		return nil
	}
	at := c.At
	if c.CrashAt > 0 {
		at = c.CrashAt
	}
	crash := &Crash{Node: d.plan.Nodes[i].Name, At: at - d.offset, What: c.Crash, Misuse: c.Misuse}
	d.happened(record.EventCrash, i, crash.At, fmt.Sprintf("node %s panicked", crash.Node))
	return crash
}

func (d *driver) running() (is []int) {
	for i := range d.nodes {
		if d.nodes[i].running {
			is = append(is, i)
		}
	}
	return is
}

// bury keeps what a node has counted, because it ends now.
func (d *driver) bury(i int) error {
	c, err := d.w.Count([]int{i})
	if err != nil {
		return fmt.Errorf("scenario: read the last counters of node %s: %w", d.plan.Nodes[i].Name, err)
	}
	d.sync(&c[0], d.w.Now())
	d.foldOwn(i, &c[0])
	if err := d.crashed(i, &c[0]); err != nil {
		return err
	}
	d.fold(i, &c[0])
	d.gone(i)
	return asError(d.broken(i, &c[0]))
}

// gone notes that a node does not run any more: nothing waits there.
func (d *driver) gone(i int) {
	d.nodes[i].running = false
	d.out.ForgetGauges(i)
	d.out.NodeDown(i, d.w.Now())
	d.rec.down(i)
	state := d.out.NodeState(i)
	d.queued -= state.Queued
	state.Up, state.Queued = false, 0
	for _, l := range d.from[i] {
		d.out.LinkState(l).Queued = 0
	}
}

// fold adds what one node has counted to the run.
func (d *driver) fold(i int, c *host.Counters) {
	d.rec.fold(i, c)
	d.out.NodeState(i).Lost += c.LostOut + c.LostIn
	d.late.Sources = max(d.late.Sources, c.Late)
	if c.NoRoom > 0 && !d.nodes[i].noRoom {
		d.nodes[i].noRoom = true
		d.noRoom = append(d.noRoom, d.plan.Nodes[i].Name)
		d.happened(record.EventProblem, i, d.w.Now(), "node "+d.plan.Nodes[i].Name+" is out of descriptors, memory or ports")
	}
	ours := func(app uint32) bool { return app >= 1 && int(app) <= len(d.plan.Apps) } // not an algorithm's own
	for _, a := range c.Apps {
		if ours(a.App) {
			d.out.CountNode(i, a.App, result.Counts{Sent: a.Sent, Due: a.Due, Distinct: a.Distinct, Broken: a.Broken})
		}
	}
	for _, in := range c.In {
		if !ours(in.App) {
			continue
		}
		d.arrived += in.Msgs
		more := result.Counts{Msgs: in.Msgs, Bytes: in.Bytes, Payload: in.Payload}
		d.out.CountNode(i, in.App, more)
		if l := d.linkOf(i, &in); l >= 0 {
			d.out.CountLink(l, in.App, more)
		}
	}
	for _, out := range c.Out {
		to, ok := d.byID[out.To]
		if !ok {
			continue
		}
		l := d.out.LinkState(d.link([2]int{i, to}))
		more := out.Queued - l.Queued
		l.Queued += more
		l.Lost += out.Lost
		if out.PipeFull > 0 {
			d.out.CountPipe(d.link([2]int{i, to}), out.PipeFull)
		}
		d.out.NodeState(i).Queued += more
		d.queued += more
	}
}

// linkOf is the link that a node's count is of, -1 if it is of none: by its slot, since
// links are many and are read often.
func (d *driver) linkOf(i int, in *host.InCount) int {
	slots := d.nodes[i].slots
	for len(slots) <= in.Slot {
		slots = append(slots, 0)
	}
	d.nodes[i].slots = slots
	if slots[in.Slot] == 0 {
		slots[in.Slot] = -1
		if from, ok := d.byID[in.From]; ok {
			slots[in.Slot] = int32(d.link([2]int{from, i})) + 1
		}
	}
	if slots[in.Slot] < 0 {
		return -1
	}
	return int(slots[in.Slot]) - 1
}

// note keeps a step among the events of the run, with the time at which it is done.
func (d *driver) note(s spec.Step) {
	if s.Kind == spec.StepSend {
		d.sent(s)
		return
	}
	of := d.things(s)
	what := s.Kind.String() + " " + abbreviated(of)
	d.out.Events = append(d.out.Events, result.Event{At: d.w.Now(), What: what, Of: of})
}

// event keeps what nobody asked for.
func (d *driver) event(at time.Duration, what string) {
	d.happened(record.EventProblem, -1, at, what)
}

// happened keeps something that happened at a node; -1 is none.
func (d *driver) happened(kind string, node int, at time.Duration, what string) {
	d.out.Events = append(d.out.Events, result.Event{At: at, What: what})
	d.rec.event(kind, node, at, what)
}

// abbreviated lists the first of some names, for charts.
func abbreviated(names []string) string {
	const most = 4
	if len(names) > most {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

// things names what a step is done to.
func (d *driver) things(s spec.Step) (names []string) {
	for _, i := range s.Nodes {
		names = append(names, d.plan.Nodes[i].Name)
	}
	arrow := func(a, b int) string { return d.plan.Nodes[a].Name + "->" + d.plan.Nodes[b].Name }
	for _, l := range s.Links {
		names = append(names, arrow(d.plan.Links[l].From, d.plan.Links[l].To))
	}
	for _, p := range s.Pairs {
		names = append(names, arrow(p[0], p[1]))
	}
	switch s.Kind {
	case spec.StepStartApp, spec.StepStopApp:
		return []string{d.plan.Apps[s.App].Name}
	case spec.StepJoin, spec.StepLeave:
		names = append(names, d.plan.Apps[s.App].Name)
	}
	if s.Every {
		return []string{"all"}
	}
	return names
}
