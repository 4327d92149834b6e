package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// sample reads everything and keeps it as of a time of the timeline.
func (d *driver) sample(at time.Duration) error {
	s, err := d.read()
	if err != nil {
		return err
	}
	s.At = at
	d.out.Samples = append(d.out.Samples, s)
	return nil
}

// read reads the counters of all nodes that run, and adds what was counted in
// earlier lives.
func (d *driver) read() (result.Sample, error) {
	running := d.running()
	counters, err := d.w.Count(running)
	if err != nil {
		return result.Sample{}, fmt.Errorf("scenario: read the counters: %w", err)
	}
	at := d.w.Now()
	for k, i := range running {
		c := &counters[k]
		if c.Crash != "" {
			return result.Sample{}, fmt.Errorf("%w at node %s: %s", ErrCrashed, d.plan.Nodes[i].Name, c.Crash)
		}
		if !d.synced {
			d.offset, d.synced = c.At-at, true
		}
		if c.Ended { // it was stopped, by the timeline or by a message
			d.remember(i, c)
			d.event(at, "node "+d.plan.Nodes[i].Name+" ended")
			if err := d.w.Kill(i); err != nil {
				return result.Sample{}, fmt.Errorf("scenario: let go of node %s: %w", d.plan.Nodes[i].Name, err)
			}
		}
	}
	s := d.fromPast(at)
	for k, i := range running {
		if d.nodes[i].running {
			s.Nodes[i].Up = !d.nodes[i].stopping
			s.Nodes[i].When = counters[k].At - d.offset
			d.add(i, &counters[k], &s.Nodes[i], func(l int) *result.LinkSample { return d.grown(&s, l) })
		}
	}
	return s, nil
}

func (d *driver) running() (is []int) {
	for i := range d.nodes {
		if d.nodes[i].running {
			is = append(is, i)
		}
	}
	return is
}

// fromPast is a sample of what earlier lives have counted.
func (d *driver) fromPast(at time.Duration) result.Sample {
	s := result.Sample{At: at, Nodes: make([]result.NodeSample, len(d.nodes)), Links: make([]result.LinkSample, len(d.links))}
	for i := range d.nodes {
		s.Nodes[i] = d.nodes[i].past
		s.Nodes[i].Apps = slices.Clone(s.Nodes[i].Apps)
		s.Nodes[i].When = at
	}
	for i := range d.links {
		s.Links[i] = d.links[i].past
		s.Links[i].Apps = slices.Clone(s.Links[i].Apps)
	}
	return s
}

// bury keeps what a node has counted, because it ends now or has just ended.
func (d *driver) bury(i int) error {
	c, err := d.w.Count([]int{i})
	if err != nil {
		return fmt.Errorf("scenario: read the last counters of node %s: %w", d.plan.Nodes[i].Name, err)
	}
	if c[0].Crash != "" {
		return fmt.Errorf("%w at node %s: %s", ErrCrashed, d.plan.Nodes[i].Name, c[0].Crash)
	}
	d.remember(i, &c[0])
	return nil
}

// remember adds a life's last counters to the past.
func (d *driver) remember(i int, c *host.Counters) {
	for k := range c.Out {
		c.Out[k].Queued = 0 // nothing waits where nothing runs
	}
	d.add(i, c, &d.nodes[i].past, func(l int) *result.LinkSample { return &d.links[l].past })
	d.nodes[i].running = false
}

// add adds one node's counters to its sample and to those of its links, which are
// found by their indices.
func (d *driver) add(i int, c *host.Counters, n *result.NodeSample, link func(int) *result.LinkSample) {
	n.Lost += c.LostOut + c.LostIn
	for _, a := range c.Apps {
		if a.App >= 1 && int(a.App) <= len(n.Apps) {
			n.Apps[a.App-1].Add(result.Counts{Sent: a.Sent, Distinct: a.Distinct, Broken: a.Broken})
		}
	}
	for _, in := range c.In {
		if in.App < 1 || int(in.App) > len(n.Apps) {
			continue // an algorithm's own session
		}
		more := result.Counts{Msgs: in.Msgs, Bytes: in.Bytes, Payload: in.Payload}
		n.Apps[in.App-1].Add(more)
		if from, ok := d.byID[in.From]; ok {
			link(d.link([2]int{from, i})).Apps[in.App-1].Add(more)
		}
	}
	for _, out := range c.Out {
		n.Queued += out.Queued
		if to, ok := d.byID[out.To]; ok {
			l := link(d.link([2]int{i, to}))
			l.Queued += out.Queued
			l.Lost += out.Lost
		}
	}
}

// grown is a link's sample; a link that is new gets a place.
func (d *driver) grown(s *result.Sample, l int) *result.LinkSample {
	for len(s.Links) <= l {
		s.Links = append(s.Links, result.LinkSample{Apps: make([]result.Counts, len(d.plan.Apps))})
	}
	return &s.Links[l]
}

// note keeps a step among the events of the run.
func (d *driver) note(s spec.Step) { d.event(s.At, d.describe(s)) }

func (d *driver) event(at time.Duration, what string) {
	d.out.Events = append(d.out.Events, result.Event{At: at, What: what})
}

// describe says in words what a step does.
func (d *driver) describe(s spec.Step) string {
	const most = 4
	var names []string
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
		names = []string{d.plan.Apps[s.App].Name}
	case spec.StepJoin, spec.StepLeave:
		names = append(names, d.plan.Apps[s.App].Name)
	}
	if s.Every {
		names = []string{"all"}
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return s.Kind.String() + " " + strings.Join(names, ", ")
}
