package plumtree

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// Golden scenarios: a file in testdata is a list of steps, a command each, and below a line
// "----" all that the algorithms of the nodes are given meanwhile, but for timers and what
// says that links are up. They are written with -update, by someone who has understood every line that changes.
//
//	node NAME [CONTACT]   start a node, again if it has ended, and give it a moment
//	send NAME SEQ         it makes a message
//	crash NAME            end it
//	wait DURATION         let time pass
//	show NAME...          neighbours, those in brackets are lazy, and what is kept

func TestGolden(t *testing.T) {
	var g run
	g.w = simtest.New(t, sim.Options{Seed: 1, Watch: &g})
	golden.Steps(t, "testdata/tree.txt", func(command string) string {
		g.out.Reset()
		g.do(t, strings.Fields(command))
		return g.out.String()
	})
}

type run struct {
	sim.Watcher // not for the methods that are not here
	w           *simtest.World
	out         strings.Builder
}

func (g *run) do(t *testing.T, words []string) {
	const moment = 10 * time.Millisecond
	n := g.w.Node(words[1])
	switch words[0] {
	case "node":
		contact := core.NodeID{}
		if len(words) > 2 {
			contact = g.w.ID(words[2])
		}
		if n != nil {
			g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Restart, Nodes: words[1:2]})
		} else {
			g.w.AddNode(words[1], func() core.Algorithm {
				p := New()
				p.AddHost(contact)
				return p
			})
		}
		g.w.RunFor(moment)
	case "send":
		seq, err := strconv.ParseUint(words[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n.Core().Call(func() {
			m := n.Core().NewMsg(wire.TypeData, 1, 0)
			m.SetSeq(seq)
			n.Algorithm().Process(m)
		})
		g.w.RunFor(moment)
	case "crash":
		g.w.Schedule(sim.Fault{At: g.w.Now(), Kind: sim.Crash, Nodes: words[1:2]})
		g.w.RunFor(moment)
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		g.w.RunFor(d)
	case "show":
		for _, name := range words[1:] {
			g.show(name)
		}
	default:
		t.Fatalf("unknown command %q", words[0])
	}
}

func (g *run) show(name string) {
	p := g.w.Node(name).Algorithm().(*Plumtree)
	fmt.Fprintf(&g.out, "%s:", name)
	for _, id := range p.Neighbours() {
		format := " %s"
		if p.lazy.Has(id) {
			format = " (%s)"
		}
		fmt.Fprintf(&g.out, format, g.w.Name(id))
	}
	fmt.Fprintf(&g.out, ", keeps%s\n", g.kept(p))
}

func (g *run) kept(p *Plumtree) string {
	ids, _ := p.Recent.Page(0, 10)
	return g.ids(*ids)
}

func (g *run) ids(ids []algos.MsgID) (s string) {
	for _, id := range ids {
		s += fmt.Sprintf(" %s/%d", g.w.Name(id.Maker), id.Seq)
	}
	return s
}

// names of the types of both packages.
var names = map[core.Type]string{288: "neighbour", 289: "accept", 290: "join", 291: "disconnect", 292: "shuffle", 293: "sample",
	typeHave: "have", typeGraft: "graft", typePrune: "prune"}

// Message implements sim.Watcher.
func (g *run) Message(_ time.Duration, n *sim.Node, m *core.Msg) {
	var ids algos.MsgIDs
	var id algos.MsgID
	what := m.Type().String()
	if named := names[m.Type()]; named != "" {
		what = named
	}
	switch t := m.Type(); {
	case t == wire.TypeLinkDown:
		ev := m.Link()
		fmt.Fprintf(&g.out, "%s: link %v %s is down: %v\n", n.Name(), ev.Direction, g.w.Name(ev.Peer), ev.Reason)
		return
	case t.Local() || m.From().IsZero():
		return
	case t == wire.TypeData:
		what += fmt.Sprintf(" %s/%d", g.w.Name(m.Sender()), m.Seq())
	case t == typeHave && pack.Read(m.Payload(), &ids) == nil:
		what += g.ids(ids)
	case t == typeGraft && pack.Read(m.Payload(), &id) == nil:
		what += g.ids([]algos.MsgID{id})
	}
	fmt.Fprintf(&g.out, "%s <- %s: %s\n", n.Name(), g.w.Name(m.From()), what)
}

// The rest of sim.Watcher.
func (g *run) Sent(time.Duration, *sim.Node, *sim.Node, uint32, core.Run)  {}
func (g *run) Fault(time.Duration, sim.Fault)                              {}
func (g *run) Warned(time.Duration, *sim.Node, core.NodeID, uint32, error) {}
func (g *run) Ended(time.Duration, *sim.Node, *core.Crash)                 {}
