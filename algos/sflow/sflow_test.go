package sflow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/sflow"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

const app = 7

// bed is a world of service nodes. Names are service and number: "scale1" has the service scale; "plain" ones have none.
type bed struct {
	*simtest.World
	names    []string
	outcomes []sflow.Outcome
	settled  map[string][]sflow.Chose
	got      map[string][]uint64
}

// graph is the service graph of the tests.
var graph = map[string]string{
	"camera": "camera > scale, titles", "scale": "scale < camera > join", "titles": "titles < camera > join", "join": "join < scale, titles > screen",
	"screen": "screen < join", "plain": "",
}

func service(name string) string { return strings.TrimRight(name, "0123456789") }

// newBed makes nodes with so many KBps into each, all known to each other.
func newBed(t simtest.TB, seed uint64, down map[string]int, change func(b *bed, name string, s *sflow.SFlow)) *bed {
	b := &bed{World: simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled}), settled: make(map[string][]sflow.Chose), got: make(map[string][]uint64)}
	for name := range down {
		b.names = append(b.names, name)
	}
	slices.Sort(b.names)
	for _, name := range b.names {
		b.AddNode(name, func() core.Algorithm {
			var first sflow.Assignment
			if text := graph[service(name)]; text != "" {
				var err error
				if first, err = sflow.ParseAssignment(text); err != nil {
					t.Fatalf("%v", err)
				}
			}
			s := sflow.New(first)
			s.Timeout = 20 * time.Second
			for _, other := range b.names {
				if other != name {
					s.AddHost(b.ID(other))
				}
			}
			s.Deliver = func(m *core.Msg) { b.got[name] = append(b.got[name], m.Seq()) }
			s.OnOutcome = func(o sflow.Outcome) { b.outcomes = append(b.outcomes, o) }
			s.OnSettled = func(_ uint32, steps []sflow.Chose) { b.settled[name] = steps }
			if change != nil {
				change(b, name, s)
			}
			return &limited{s, emul.Bandwidth{Down: emul.Rate(down[name] * 1000)}}
		})
	}
	return b
}

type limited struct {
	*sflow.SFlow
	bandwidth emul.Bandwidth
}

func (l *limited) Bind(n *core.Node) {
	l.SFlow.Bind(n)
	l.SetBandwidth(l.bandwidth)
}

func (b *bed) alg(name string) *sflow.SFlow { return b.Node(name).Algorithm().(*limited).SFlow }

func (b *bed) do(name string, fn func(*sflow.SFlow)) {
	b.Node(name).Core().Call(func() { fn(b.alg(name)) })
}

func (b *bed) fault(kind sim.FaultKind, nodes ...string) {
	b.Schedule(sim.Fault{At: b.Now(), Kind: kind, Nodes: nodes})
	b.RunFor(time.Millisecond)
}

// federate asks the first camera, now.
func (b *bed) federate(t simtest.TB, need string) {
	t.Helper()
	r, err := sflow.ParseRequirement(need)
	if err != nil {
		t.Fatalf("%v", err)
	}
	b.do("camera1", func(s *sflow.SFlow) {
		if err := s.Federate(app, r); err != nil {
			t.Errorf("%v", err)
		}
	})
}

// chosen are the nodes of the last outcome, in the order of the steps.
func (b *bed) chosen() string {
	if len(b.outcomes) == 0 {
		return "no outcome"
	}
	o := b.outcomes[len(b.outcomes)-1]
	if o.Refused != "" {
		return "refused: " + o.Refused
	}
	var names []string
	for _, id := range o.Chosen {
		names = append(names, b.Name(id))
	}
	return strings.Join(names, " ")
}

const diamond = "camera -> scale -> join -> screen; camera -> titles -> join"

// The instance that can be sent most to is chosen at each step, and data flows through all of them, once and in order.
func TestBestInstances(t *testing.T) {
	for seed := range uint64(20) {
		b := newBed(t, seed, map[string]int{
			"camera1": 5000, "scale1": 300, "scale2": 900, "scale3": 600, "titles1": 500, "titles2": 400, "join1": 700, "join2": 800, "screen1": 1000, "screen2": 400, "plain1": 5000,
		}, func(_ *bed, _ string, s *sflow.SFlow) { s.Services = map[string]sflow.Service{"join": sflow.Join} })
		b.RunFor(10 * time.Second)
		b.federate(t, diamond)
		b.RunFor(60 * time.Second)
		if got, want := b.chosen(), "camera1 scale2 titles1 join2 screen1"; got != want {
			t.Fatalf("seed %d: chosen %s; want %s", seed, got, want)
		}
		b.Node("camera1").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500, Limit: 500}, 50))
		b.RunFor(30 * time.Second)
		want := make([]uint64, 0, 500)
		for i := range uint64(500) {
			want = append(want, i)
		}
		if got := b.got["screen1"]; !slices.Equal(got, want) {
			t.Errorf("seed %d: the sink got %d messages, of 500 once and in order", seed, len(got))
		}
	}
}

// A node of a session that dies is replaced by the nearest upstream, and data goes on. Who cannot be replaced is named to
// who asked, and what the source makes then is counted and not kept.
func TestInstanceFails(t *testing.T) {
	all := map[string]int{
		"camera1": 5000, "scale1": 300, "scale2": 900, "titles1": 500, "titles2": 400, "join1": 700, "join2": 800, "screen1": 1000, "screen2": 400, "plain1": 5000,
	}
	for _, dies := range []string{"scale2", "titles1", "join2", "screen1"} {
		for seed := range uint64(10) {
			b := newBed(t, seed, all, func(_ *bed, _ string, s *sflow.SFlow) { s.Services = map[string]sflow.Service{"join": sflow.Join} })
			b.RunFor(10 * time.Second)
			b.federate(t, diamond)
			b.RunFor(60 * time.Second)
			before := b.chosen()
			b.Node("camera1").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500}, 50))
			b.RunFor(5 * time.Second)
			b.fault(sim.Crash, dies)
			b.RunFor(90 * time.Second)
			want := strings.NewReplacer("scale2", "scale1", "titles1", "titles2", "join2", "join1", "screen1", "screen2")
			if got := b.chosen(); got != strings.Replace(before, dies, want.Replace(dies), 1) {
				t.Fatalf("seed %d: %s died, and %s became %s", seed, dies, before, got)
			}
			sink := strings.Fields(b.chosen())[4]
			n := len(b.got[sink])
			b.RunFor(10 * time.Second)
			if more := len(b.got[sink]) - n; more < 480 || more > 520 {
				t.Errorf("seed %d: %s died, and %d messages came in ten seconds, of 500", seed, dies, more)
			}
			last := want.Replace(dies)
			b.fault(sim.Crash, last)
			b.RunFor(120 * time.Second)
			if got := b.chosen(); !strings.HasPrefix(got, "refused: no instance of service "+service(last)) {
				t.Errorf("seed %d: %s and %s are gone: %s", seed, dies, last, got)
			}
		}
	}
}

// What cannot be federated is refused, with the service that is missing.
func TestRefused(t *testing.T) {
	b := newBed(t, 1, map[string]int{"camera1": 5000, "scale1": 300, "join1": 500, "screen1": 500, "plain1": 100}, nil)
	b.RunFor(10 * time.Second)
	b.federate(t, diamond)
	b.RunFor(60 * time.Second)
	if got := b.chosen(); !strings.Contains(got, "no instance of service titles") {
		t.Errorf("without titles: %s", got)
	}
	b.do("camera1", func(s *sflow.SFlow) {
		r, err := sflow.ParseRequirement("scale -> screen")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Federate(app, r); err == nil || !strings.Contains(err.Error(), "begins with scale") {
			t.Errorf("a requirement that begins elsewhere: %v", err)
		}
	})
	// With an instance it goes.
	b.do("plain1", func(s *sflow.SFlow) {
		a, err := sflow.ParseAssignment(graph["titles"])
		if err != nil {
			t.Fatal(err)
		}
		s.Assign(a)
	})
	b.RunFor(10 * time.Second)
	b.federate(t, diamond)
	b.RunFor(60 * time.Second)
	if got := b.chosen(); got != "camera1 scale1 plain1 join1 screen1" {
		t.Errorf("with titles: %s", got)
	}
}

// Data that is there before its service is federated waits, and a session ends with its source, behind its data.
func TestSourceBeforeFederation(t *testing.T) {
	b := newBed(t, 3, map[string]int{"camera1": 5000, "scale1": 900, "titles1": 900, "join1": 900, "screen1": 900}, func(_ *bed, _ string, s *sflow.SFlow) {
		s.Services = map[string]sflow.Service{"join": sflow.Join}
	})
	b.RunFor(10 * time.Second)
	b.Node("camera1").Core().AddSource(app, apps.NewBackToBack(apps.Stream{App: app, Payload: 500, Limit: 300}))
	b.RunFor(10 * time.Second)
	b.federate(t, diamond)
	b.RunFor(60 * time.Second)
	if got := b.got["screen1"]; len(got) != 300 || !slices.IsSorted(got) {
		t.Errorf("%d of 300 messages came, sorted %v; %s", len(got), slices.IsSorted(got), b.chosen())
	}
	for _, name := range b.names {
		if n := b.alg(name).Sessions(); n != 0 {
			t.Errorf("%s has %d sessions after their end", name, n)
		}
	}
}

// Newcomers become known to whom they concern, also where nodes know only a few others, and instances that are gone are forgotten.
func TestEverybodyConcernedKnows(t *testing.T) {
	for seed := range uint64(10) {
		down := map[string]int{}
		for i := range 20 {
			down[fmt.Sprint("plain", i)] = 1000
		}
		for i := range 3 {
			down[fmt.Sprint("camera", i)], down[fmt.Sprint("scale", i)], down[fmt.Sprint("join", i)] = 1000, 1000, 1000
		}
		b := newBed(t, seed, down, func(b *bed, name string, s *sflow.SFlow) {
			for _, id := range slices.Clone(s.Known()) {
				s.RemoveHost(id)
			}
			at := slices.Index(b.names, name)
			for i := range 4 {
				s.AddHost(b.ID(b.names[(at+1+i*7)%len(b.names)]))
			}
		})
		b.RunFor(2 * time.Minute)
		for _, name := range []string{"camera0", "camera1", "camera2", "join0"} {
			if got := b.alg(name).Instances("scale"); len(got) != 3 {
				t.Errorf("seed %d: %s knows %d of 3", seed, name, len(got))
			}
		}
		b.fault(sim.Crash, "scale1")
		b.RunFor(time.Minute)
		if got := b.alg("camera0").Instances("scale"); len(got) != 2 {
			t.Errorf("seed %d: one of 3 is gone, and %d are known", seed, len(got))
		}
	}
}
