package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// byScenario is who does what the timeline does.
const byScenario = "scenario"

// event keeps something that happened at a node; -1 is none.
func (r *recorder) event(kind string, node int, at time.Duration, what string) {
	if r.lock() {
		defer r.mu.Unlock()
		r.event1(kind, node, at, what)
	}
}

func (r *recorder) event1(kind string, node int, at time.Duration, what string) {
	r.events = append(r.events, record.Event{T: timeOf(at), Kind: kind, Node: nodeRef(node), Text: what})
}

func nodeRef(i int) record.Ref {
	if i < 0 {
		return record.Ref{}
	}
	return record.To(uint32(i))
}

// up notes that a node has started.
func (r *recorder) up(i int) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	r.nodes[i].since, r.nodes[i].at = r.d.since(), r.d.since()
	r.touch(i)
	r.event1(record.EventUp, i, r.d.since(), "started")
}

// down notes that a node has ended.
func (r *recorder) down(i int) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	b := &r.nodes[i]
	b.queued = 0
	for _, l := range r.d.from[i] {
		r.grow()
		r.links[l].queued = 0
	}
	r.touch(i)
	r.event1(record.EventDown, i, r.d.w.Now(), "ended")
}

// stopping notes that a node was told to stop, and lets go of what it has accepted first.
func (r *recorder) stopping(i int) {
	if r.lock() {
		defer r.mu.Unlock()
		r.touch(i)
	}
}

// touch has a node and its links looked at.
func (r *recorder) touch(i int) {
	r.nodes[i].touched = true
	r.grow()
	for l, ends := range r.d.out.Links {
		if ends[0] == i || ends[1] == i {
			r.links[l].touched = true
		}
	}
}

// step notes what the timeline does now.
func (r *recorder) step(s spec.Step) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	at := timeOf(r.d.w.Now())
	add := func(kind string, node, peer int, app uint32, text string) {
		r.events = append(r.events, record.Event{T: at, Kind: kind, Node: nodeRef(node), Peer: nodeRef(peer), App: app, Text: text, By: byScenario})
	}
	switch s.Kind {
	case spec.StepStart: // the node says when it is up
	case spec.StepKill, spec.StepStop:
		for _, i := range s.Nodes {
			add(record.EventTerminate, i, -1, 0, s.Kind.String())
		}
	case spec.StepStartApp, spec.StepStopApp:
		a := &r.d.plan.Apps[s.App]
		b := appOf(&r.nodes[a.Node].apps, a.ID)
		b.source = s.Kind == spec.StepStartApp
		r.nodes[a.Node].touched = true
		add(record.EventSource, a.Node, -1, a.ID, s.Kind.String()+" "+a.Name)
	case spec.StepJoin, spec.StepLeave:
		kind, id := record.EventJoin, r.d.plan.Apps[s.App].ID
		if s.Kind == spec.StepLeave {
			kind = record.EventLeave
		}
		for _, i := range s.Nodes {
			b := appOf(&r.nodes[i].apps, id)
			b.joined, b.asked = s.Kind == spec.StepJoin, true
			r.nodes[i].touched = true
			add(kind, i, -1, id, r.d.plan.Apps[s.App].Name)
		}
	case spec.StepBandwidth:
		for k, i := range s.Nodes {
			w := s.Bandwidths[k]
			add(record.EventControl, i, -1, 0, fmt.Sprintf("set-bandwidth total %d up %d down %d B/s", w.Total, w.Up, w.Down))
		}
	case spec.StepSlow:
		for _, i := range s.Nodes {
			add(record.EventControl, i, -1, 0, fmt.Sprintf("slow %v a message", s.PerMessage))
		}
	case spec.StepLink:
		for k, i := range s.Links {
			l, w := r.d.plan.Links[i], s.States[k]
			add(record.EventControl, l.From, l.To, 0, fmt.Sprintf("set-link rate %d B/s, latency %v, loss %v", w.Rate, w.Latency, w.Loss))
		}
	case spec.StepCut, spec.StepHeal:
		kind := record.EventCut
		if s.Kind == spec.StepHeal {
			kind = record.EventHeal
		}
		if s.Every {
			add(kind, -1, -1, 0, "all")
		}
		for _, p := range s.Pairs {
			add(kind, p[0], p[1], 0, s.Kind.String())
		}
	case spec.StepSend:
		for _, i := range s.Nodes {
			add(record.EventControl, i, -1, 0, "send "+s.Send.Name)
		}
	}
}

// stepped writes what a step has changed.
func (r *recorder) stepped(s spec.Step) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	r.grow()
	for _, i := range s.Nodes {
		r.nodes[i].touched = true
	}
	switch s.Kind {
	case spec.StepLink, spec.StepCut, spec.StepHeal:
		for i := range r.links {
			r.links[i].touched = true
		}
	case spec.StepStart, spec.StepKill, spec.StepStop, spec.StepStartApp, spec.StepStopApp, spec.StepBandwidth, spec.StepJoin, spec.StepLeave, spec.StepSlow, spec.StepSend:
	}
	r.flush(r.d.w.Now())
}

// told notes what a node's algorithm was told of a failure.
func (r *recorder) told(i int, t host.Told) {
	e := record.Event{T: timeOf(t.At - r.d.offset), Kind: record.EventTold, Node: record.To(uint32(i)), App: t.App, Text: t.Type.String()}
	if t.Why != "" {
		e.Text += ": " + t.Why
	}
	if peer, ok := r.d.byID[t.Peer]; ok {
		e.Peer = record.To(uint32(peer))
	}
	r.events = append(r.events, e)
}

// noted keeps a state or a note of an algorithm.
func (r *recorder) noted(i int, e metric.Event) {
	at := timeOf(e.At - r.d.offset)
	if e.Kind != metric.KindState {
		r.events = append(r.events, record.Event{T: at, Kind: record.EventTrace, Node: record.To(uint32(i)), Text: e.Name + ": " + e.Text})
		return
	}
	s := record.State{T: at, Node: uint32(i), Name: e.Name, Value: record.TextOf(e.Text)}
	if done, of, ok := share(e.Text); ok {
		s.Value, s.Of = record.NumberOf(done), record.Set(of)
	} else if v, err := strconv.ParseFloat(e.Text, 64); err == nil && v-v == 0 {
		s.Value = record.NumberOf(v)
	}
	r.states = append(r.states, s)
}

// share reads "3 of 16".
func share(text string) (done, of float64, ok bool) {
	a, b, found := strings.Cut(text, " of ")
	if !found {
		return 0, 0, false
	}
	x, err1 := strconv.ParseUint(a, 10, 53)
	y, err2 := strconv.ParseUint(b, 10, 53)
	return float64(x), float64(y), err1 == nil && err2 == nil
}
