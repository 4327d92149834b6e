package topology_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/sim/trace/topology"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sender sends a message of 76 bytes to others every 10 ms, and one panics at a time.
type sender struct {
	*core.Node
	to     []core.NodeID
	panics time.Duration
}

// Bind implements core.Algorithm.
func (s *sender) Bind(n *core.Node) { s.Node = n }

// Process implements core.Algorithm.
func (s *sender) Process(m *core.Msg) core.Verdict {
	if t := m.Type(); t != wire.TypeStarted && t != wire.TypeTimer {
		return core.Done
	}
	if s.panics > 0 && s.Now() >= s.panics {
		panic("enough")
	}
	s.After(10*time.Millisecond, 1)
	for i, to := range s.to {
		r := s.NewMsg(wire.TypeData, uint32(i+1), 76)
		clear(r.Payload())
		s.Send(r, to)
	}
	return core.Done
}

// record is a trace of 3 s: a sends to b (application 1) and, as 2, to c; b crashes at 2 s, d panics at 1 s,
// e is alone, and f starts at 2.5 s.
func record(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	tr := trace.NewWriter(&out, trace.Options{})
	w := sim.New(sim.Options{Watch: tr})
	id := func(names ...string) (ids []core.NodeID) {
		for _, n := range names {
			ids = append(ids, w.ID(n))
		}
		return ids
	}
	add := func(name string, s *sender) { w.AddNode(name, func() core.Algorithm { return s }) }
	add("a", &sender{to: id("b", "c")})
	add("b", &sender{})
	add("c", &sender{})
	add("d\"x", &sender{panics: time.Second})
	add("e", &sender{})
	w.Schedule(sim.Fault{At: 2 * time.Second, Kind: sim.Crash, Nodes: []string{"b"}})
	w.At(2500*time.Millisecond, func() { add("f", &sender{}) })
	if err := errors.Join(w.RunFor(3*time.Second), tr.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func build(t *testing.T, b []byte, o topology.Options) *topology.Graph {
	t.Helper()
	r, err := trace.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	g, err := topology.Build(t.Context(), r, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func text(g *topology.Graph) string {
	var words []string
	for _, n := range g.Nodes {
		words = append(words, fmt.Sprintf("%v %s", n, n.State))
	}
	for _, l := range g.Links {
		words = append(words, fmt.Sprintf("%v->%v %d %d %.0f", g.Nodes[l.From], g.Nodes[l.To], l.Msgs, l.Bytes, l.Rate))
	}
	return strings.Join(words, ", ")
}

func TestBuild(t *testing.T) {
	b := record(t)
	two := uint32(2)
	for _, c := range []struct {
		o    topology.Options
		want string
	}{
		{topology.Options{At: 900 * time.Millisecond, Window: 100 * time.Millisecond},
			`a up, b up, c up, d"x up, e up, a->b 10 1000 10000, a->c 10 1000 10000`},
		{topology.Options{At: 1500 * time.Millisecond, Window: 500 * time.Millisecond, App: &two},
			`a up, b up, c up, d"x crashed, e up, a->c 50 5000 10000`},
		{topology.Options{At: 2900 * time.Millisecond, Window: 100 * time.Millisecond, Types: []core.Type{wire.TypeData}},
			`a up, b down, c up, d"x crashed, e up, f up, a->c 10 1000 10000`},
		{topology.Options{At: 2900 * time.Millisecond, Types: []core.Type{1024}}, `a up, b down, c up, d"x crashed, e up, f up`},
	} {
		if got := text(build(t, b, c.o)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
	r, err := trace.NewReader(bytes.NewReader(b))
	if err == nil {
		_, err = topology.Build(t.Context(), r, topology.Options{At: time.Minute})
	}
	if err == nil || !strings.Contains(err.Error(), "the trace ends at") {
		t.Errorf("after the end: %v", err)
	}
	if r, err = trace.NewReader(bytes.NewReader(b[:len(b)/2])); err == nil {
		_, err = topology.Build(t.Context(), r, topology.Options{At: time.Minute})
	}
	if !errors.Is(err, trace.ErrFormat) {
		t.Errorf("half a trace: %v", err)
	}
}

func TestDOT(t *testing.T) {
	var out strings.Builder
	if err := build(t, record(t), topology.Options{At: 2500 * time.Millisecond, Window: time.Second}).DOT(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`digraph overlay {`, `n1 [label="b", style=dashed`, `tooltip="ended at 2s"`, `n3 [label="d\"x", style=dashed, color="#cc3311"`,
		`n0 -> n2 [penwidth=6.00, label="10 KBps", tooltip="100 messages, 10000 bytes"];`, `n0 -> n1 [penwidth=4.`,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("%q is not in\n%s", part, &out)
		}
	}
}

// A picture is XML, the same each time, and has everything in it, each node in a place of
// its own.
func TestSVG(t *testing.T) {
	b := record(t)
	draw := func() string {
		var out strings.Builder
		if err := build(t, b, topology.Options{At: 2500 * time.Millisecond, Window: time.Second}).SVG(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := draw()
	if first != draw() {
		t.Error("two pictures of one trace differ")
	}
	var places []string
	lines := 0
	for dec := xml.NewDecoder(strings.NewReader(first)); ; {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			places = append(places, e.Attr[0].Value+" "+e.Attr[1].Value)
		} else if ok && e.Name.Local == "line" {
			lines++
		}
	}
	slices.Sort(places)
	if lines != 2 || len(places) != 6 || len(slices.Compact(places)) != 6 {
		t.Errorf("%d lines, nodes at %v", lines, places)
	}
	for _, part := range []string{"b, ended at 2s", "d&#34;x, crashed at 1s", "a -&gt; c: 10 KBps, 100 messages", "at 2.5s: 4 of 6 nodes up"} {
		if !strings.Contains(first, part) {
			t.Errorf("%q is not in\n%s", part, first)
		}
	}
}

// Whatever the shape, nodes have places that can be drawn.
func TestShapes(t *testing.T) {
	for name, links := range map[string][][2]int{
		"chain":          {{0, 1}, {1, 2}, {2, 3}, {3, 4}},
		"pair both ways": {{0, 1}, {1, 0}},
		"itself":         {{0, 0}},
		"all with all":   {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}},
		"parts":          {{0, 1}, {2, 3}, {4, 5}},
		"nothing":        nil,
	} {
		g := &topology.Graph{}
		for i := range 6 {
			g.Nodes = append(g.Nodes, topology.Node{Peer: trace.Peer{ID: fmt.Sprint(i)}, State: topology.Up})
		}
		for _, l := range links {
			g.Links = append(g.Links, topology.Link{From: l[0], To: l[1], Rate: 1})
		}
		var out strings.Builder
		if err := g.SVG(&out); err != nil || strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
			t.Errorf("%s: %v\n%s", name, err, &out)
		}
	}
	var out strings.Builder
	if err := (&topology.Graph{}).SVG(&out); err != nil || !strings.Contains(out.String(), "0 of 0 nodes") {
		t.Errorf("nobody: %v\n%s", err, &out)
	}
}
