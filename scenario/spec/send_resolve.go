package spec

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// What a timeline sends, resolved: to which nodes, as which type, how often.

// Message is what a step of the kind StepSend gives to the algorithms of its nodes.
type Message struct {
	Name    string `json:"name"` // of its type, as the file has it
	Type    uint16 `json:"type"`
	App     uint32 `json:"app,omitempty"`
	A       int32  `json:"a,omitempty"`
	B       int32  `json:"b,omitempty"`
	Payload []byte `json:"payload,omitempty"`
}

// drawing is of whom the nodes of a step are drawn, once it is known who is up.
type drawing struct {
	count int
	of    []int
}

// send turns an event into a step for each time that it happens.
func (r *resolver) send(e *Event) {
	s := e.Send
	m := &Message{Name: s.Type.Name, Payload: []byte(s.Payload)}
	if s.Hex != nil {
		m.Payload = s.Hex.Bytes
	}
	if s.A != nil {
		m.A = s.A.Value
	}
	if s.B != nil {
		m.B = s.B.Value
	}
	if s.App != nil {
		m.App = r.appOf(s.App)
	}
	nodes := r.indices(s.To.Set.Parts)
	m.Type = r.typeFor(&s.Type, nodes)
	step := Step{At: e.At.Duration, Kind: StepSend, Nodes: nodes, Send: m}
	if s.To.Random > 0 {
		step.Nodes, step.draw = nil, &drawing{s.To.Random, nodes}
	}
	times := r.timesOf(e)
	for i := range times {
		r.step(e.Span, step)
		if i < times-1 {
			step.At += s.Every.Duration
		}
	}
}

// timesOf is how often an event sends.
func (r *resolver) timesOf(e *Event) int {
	s, until := e.Send, r.plan.Duration
	if s.Every == nil {
		return 1
	}
	if s.Until != nil {
		until = s.Until.Duration
	}
	switch {
	case until > r.plan.Duration:
		r.report(s.Until.Span, "", "the run ends at %v, before this", r.plan.Duration)
		return 0
	case until < e.At.Duration && s.Until != nil:
		r.report(s.Until.Span, "", "this is sent from %v on, and so it would end before it begins", e.At.Duration)
		return 0
	case until < e.At.Duration:
		return 1 // and that it is too late is said of it
	}
	n := (until-e.At.Duration)/max(s.Every.Duration, 1) + 1
	if r.sends += int(min(n, maxSteps+1)); r.sends > maxSteps {
		r.report(s.Every.Span, "Send less often, or until an earlier time.",
			"this is sent %d times, and with what is sent again before it that is more than %d", n, maxSteps)
		return 0
	}
	return int(n)
}

// appOf is the number of an application that is named, or that the file does not have.
func (r *resolver) appOf(a *AppNumber) uint32 {
	text := strings.TrimSpace(a.Text)
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return uint32(n)
	}
	if i := r.appNamed(text, a.Span); i >= 0 {
		return r.plan.Apps[i].ID
	}
	return 0
}

// typeFor is the number of a type that all nodes must have the same name for.
func (r *resolver) typeFor(t *MessageType, nodes []int) uint16 {
	if t.Number != 0 {
		return t.Number
	}
	found, by := uint16(0), ""
	asked := make(map[string]bool)
	for _, i := range nodes {
		n := &r.plan.Nodes[i]
		if asked[n.Algorithm] {
			continue
		}
		asked[n.Algorithm] = true
		number, names := r.typeOf(n.Algorithm, t.Name)
		switch {
		case number == 0 && len(names) == 0:
			r.report(t.Span, "Write a number from 1024, or give the algorithm names for its types (scenario.Algorithm.Types).",
				"the algorithm %q of %s has no names for types of messages, and so not %q", n.Algorithm, n.Name, t.Name)
			return 0
		case number == 0:
			r.report(t.Span, suggest(t.Name, names), "the algorithm %q of %s has no type of messages called %q", n.Algorithm, n.Name, t.Name)
			return 0
		case found != 0 && found != number:
			r.report(t.Span, "Write an event for each.", "%q is the type %d for the algorithm %q and %d for %q", t.Name, found, by, number, n.Algorithm)
			return 0
		}
		found, by = number, n.Algorithm
	}
	return found
}

// typeOf looks a type up; 0 if the algorithm has none of the name.
func (r *resolver) typeOf(algorithm, name string) (uint16, []string) {
	known, ok := r.algorithms.(TypedAlgorithms)
	if !ok {
		return 0, nil
	}
	var names []string
	types := known.Types(algorithm)
	for n := range types {
		names = append(names, n)
	}
	slices.Sort(names)
	return types[name], names
}

// streamSend is the stream of random numbers that the nodes of send events are drawn
// from: one of its own, so that such an event changes nothing else that is drawn.
const streamSend = 0x73656e64

// drawTargets draws the nodes of send events, of those that the timeline has up then.
func (r *resolver) drawTargets() {
	steps := r.plan.Steps
	if !slices.ContainsFunc(steps, func(s Step) bool { return s.draw != nil }) {
		return
	}
	rng := r.rng(streamSend)
	up := make([]bool, len(r.plan.Nodes))
	for i, n := range r.plan.Nodes {
		up[i] = !n.Late
	}
	for k := range steps {
		s := &steps[k]
		switch {
		case s.Kind == StepStart, s.Kind == StepKill, s.Kind == StepStop:
			for _, i := range s.Nodes {
				up[i] = s.Kind == StepStart
			}
		case s.draw != nil:
			s.Nodes, s.draw = s.draw.pick(up, rng), nil
		}
	}
}

// pick draws different nodes that are up; fewer if there are not as many.
func (d *drawing) pick(up []bool, rng *rand.Rand) (out []int) {
	taken := make(map[int]bool, d.count)
	// Nodes are mostly up and few are drawn, so most draws are good; a look at all of
	// them is for when they are not.
	for tries := 0; len(out) < d.count && tries < 8*d.count && len(d.of) > 0; tries++ {
		if i := d.of[rng.IntN(len(d.of))]; up[i] && !taken[i] {
			taken[i] = true
			out = append(out, i)
		}
	}
	if len(out) < d.count {
		for _, at := range rng.Perm(len(d.of)) {
			if i := d.of[at]; up[i] && !taken[i] && len(out) < d.count {
				taken[i] = true
				out = append(out, i)
			}
		}
	}
	slices.Sort(out)
	return out
}
