package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What a fault looks like must be the same in virtual time as live. Here the same
// story is told in both: each node writes down what it is given, and the accounts
// must agree, but for the times.

// witness is an algorithm that hands on a line for each message.
type witness struct {
	*core.Node
	name func(core.NodeID) string
	note func(line string)
}

func (w *witness) Bind(n *core.Node) { w.Node = n }

func (w *witness) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted, wire.TypeTimer:
	case wire.TypeWorldUp:
		w.note("world-up")
	case wire.TypeBrokenSource:
		w.note(fmt.Sprintf("%v of %d: %v at %s", m.Type(), m.App(), m.Link().Reason, w.name(m.Link().Peer)))
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeSendFailed:
		e := m.Link()
		w.note(fmt.Sprintf("%v %v %s/%d: %v, lost %d", m.Type(), e.Direction, w.name(e.Peer), e.App, e.Reason, e.Lost))
	case wire.TypeStopping:
		w.note("stopping")
	default:
		w.note(fmt.Sprintf("%v from %s/%d #%d", m.Type(), w.name(m.From()), m.App(), m.Seq()))
		if m.Seq() == fatal {
			panic("as the story asks")
		}
	}
	return core.Done
}

// fatal is the number of a message at which a witness panics.
const fatal = 99

// longPause keeps a lane that has failed from coming back within a story.
var longPause = core.Config{RedialMin: time.Minute, RedialMax: time.Minute}

// stage is a world in which a story is told.
type stage interface {
	add(name string)
	say(from, to string, seqs ...uint64) // at once
	up()                                 // says that all are up, if the world does not know
	kill(name string)
	stop(name string)
	heard(name string, lines int) []string // waits until there are so many
}

// stories end each step by waiting for what it causes, so that both worlds take the
// steps in the same order.
var stories = map[string]func(s stage){
	"the downstream crashes": func(s stage) {
		s.say("a", "b", 1)
		s.heard("b", 3)
		s.kill("b")
		s.heard("a", 3)
	},
	"the downstream stops": func(s stage) {
		s.say("a", "b", 1)
		s.heard("b", 3)
		s.stop("b")
		s.heard("a", 3)
	},
	"the upstream crashes": func(s stage) {
		s.say("a", "b", 1)
		s.heard("b", 3)
		s.heard("a", 2)
		s.kill("a")
		s.heard("b", 5) // the session is broken, too
	},
	"the upstream stops": func(s stage) {
		s.say("a", "b", 1)
		s.say("a", "b", 2)
		s.heard("b", 4)
		s.heard("a", 2)
		s.stop("a")
		s.heard("b", 5)
	},
	"the downstream panics": func(s stage) {
		s.say("a", "b", 1, 2, fatal, 4, 5) // in one burst, so that b has received all of it
		s.heard("b", 5)
		s.heard("a", 3)
	},
	"the downstream panics while more is under way": func(s stage) {
		s.say("a", "b", 1)
		s.heard("b", 3)
		s.heard("a", 2)
		s.say("a", "b", fatal)
		s.heard("a", 3)
		s.say("a", "b", 4, 5) // within the pause: lost, and told
		s.heard("a", 4)
	},
	"nobody is there": func(s stage) {
		s.kill("b")
		s.say("a", "b", 1)
		s.heard("a", 2)
		s.say("a", "b", 2) // within the pause
		s.heard("a", 3)
	},
}

func TestAsLive(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			tell := func(s stage) map[string][]string {
				s.add("a")
				s.add("b")
				s.up()
				s.heard("a", 1)
				s.heard("b", 1)
				story(s)
				return map[string][]string{"a": s.heard("a", 0), "b": s.heard("b", 0)}
			}
			virtual := newVirtualStage(t)
			want := tell(virtual)
			for _, links := range []engine.Links{engine.TCP, engine.Mem} {
				live := newLiveStage(t, links)
				got := tell(live)
				for _, node := range []string{"a", "b"} {
					if !slices.Equal(got[node], want[node]) {
						t.Errorf("%v: node %s was told\n\t%s\nand in virtual time\n\t%s", links, node,
							strings.Join(got[node], "\n\t"), strings.Join(want[node], "\n\t"))
					}
				}
				live.eng.Close()
			}
		})
	}
}

// virtualStage is one in virtual time.
type virtualStage struct {
	t     *testing.T
	world *sim.World
	lines map[string][]string
}

func newVirtualStage(t *testing.T) *virtualStage {
	w := sim.New(sim.Options{Core: longPause})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &virtualStage{t, w, make(map[string][]string)}
}

func (s *virtualStage) run() {
	if err := s.world.RunFor(50 * time.Millisecond); err != nil {
		s.t.Fatal(err)
	}
}

func (s *virtualStage) add(name string) {
	s.world.AddNode(name, func() core.Algorithm {
		return &witness{name: s.world.Name, note: func(l string) { s.lines[name] = append(s.lines[name], l) }}
	})
}

func (s *virtualStage) say(from, to string, seqs ...uint64) {
	n := s.world.Node(from).Core()
	n.Call(func() { say(n.Node(), s.world.ID(to), seqs) })
}

func (s *virtualStage) up() {}

func (s *virtualStage) kill(name string) { s.world.Node(name).Core().Kill(); s.run() }
func (s *virtualStage) stop(name string) { s.world.Node(name).Core().Stop(); s.run() }

func (s *virtualStage) heard(name string, lines int) []string {
	s.run()
	if got := len(s.lines[name]); got < lines {
		s.t.Fatalf("%s was told %q, fewer than %d lines", name, s.lines[name], lines)
	}
	return s.lines[name]
}

// say makes a node send messages of application 1.
func say(n *core.Node, to core.NodeID, seqs []uint64) {
	for _, seq := range seqs {
		m := n.NewMsg(wire.TypeData, 1, 0)
		m.SetSeq(seq)
		n.Send(m, to)
	}
}

// liveStage is one in the engine.
type liveStage struct {
	t     *testing.T
	eng   *engine.Engine
	nodes map[string]*engine.Node
	names map[core.NodeID]string
	told  map[string]chan string
	lines map[string][]string
}

func newLiveStage(t *testing.T, links engine.Links) *liveStage {
	e, err := engine.New(engine.Options{Links: links, Loops: 1, Core: longPause})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &liveStage{t, e, make(map[string]*engine.Node), make(map[core.NodeID]string), make(map[string]chan string), make(map[string][]string)}
}

func (s *liveStage) add(name string) {
	told := make(chan string, 100)
	s.told[name] = told
	nameOf := func(id core.NodeID) string {
		if id.IsZero() {
			return id.String()
		}
		return s.names[id]
	}
	w := &witness{name: nameOf, note: func(l string) { told <- l }}
	n, err := s.eng.AddNode(w, engine.NodeOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.nodes[name], s.names[n.ID()] = n, name
}

func (s *liveStage) say(from, to string, seqs ...uint64) {
	if err := s.nodes[from].Do(func(n *core.Node) { say(n, s.nodes[to].ID(), seqs) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *liveStage) up() { s.eng.AllUp() }

func (s *liveStage) kill(name string) { s.nodes[name].Kill() }

func (s *liveStage) stop(name string) {
	if err := s.nodes[name].Stop(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *liveStage) heard(name string, lines int) []string {
	for len(s.lines[name]) < lines {
		select {
		case l := <-s.told[name]:
			s.lines[name] = append(s.lines[name], l)
		case <-s.t.Context().Done():
			s.t.Fatalf("%s was told %q, fewer than %d lines", name, s.lines[name], lines)
		}
	}
	for {
		select {
		case l := <-s.told[name]: // what came meanwhile
			s.lines[name] = append(s.lines[name], l)
		default:
			return s.lines[name]
		}
	}
}
