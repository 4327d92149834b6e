package swim_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/algos/swim"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// ping is the body of a ping, as the package documents it.
type ping struct {
	target core.NodeID
	talk   algos.Talk
}

func (p *ping) Fields(f *pack.Fields) { f.Node(&p.target); p.talk.Fields(f) }

const typePing = wire.FirstAlgorithmType + 56

// What strangers say makes no node dial nodes that are no members, nor believe in states that there
// are not, nor hold itself for dead, nor others at once; and who is said to be dead and is not, objects.
func TestStrangers(t *testing.T) {
	w, nodes := group(t, 1, 5, nil)
	x := &algos.Base{}
	stranger := w.AddNode("x", func() core.Algorithm { return x })
	w.RunFor(20 * time.Second)
	victim, other, nobody := nodes[0], nodes[1], w.ID("nobody")

	stranger.Core().Call(func() {
		algos.Ask(x, victim.ID(), typePing, &ping{target: nobody}, time.Second, func(_ *ping, err error) {
			if err == nil {
				t.Error("a ping for a node that is no member was answered")
			}
		})
		x.Post(victim.ID(), typePing, &ping{talk: algos.Talk{Facts: algos.FactList{
			{Who: nobody, Value: 4},                             // no state
			{Who: victim.ID(), Value: 9<<2 | uint64(swim.Dead)}, // itself
			{Who: other.ID(), Value: 9<<2 | uint64(swim.Dead)},
		}}})
		x.Post(victim.ID(), typePing, nil)
	})
	w.RunFor(time.Millisecond)
	swims := victim.Algorithm().(*lossy)
	if got := swims.State(victim.ID()); got != swim.Alive || swims.Facts.Value(victim.ID()) != 10<<2|uint64(swim.Alive) {
		t.Errorf("the victim holds itself for %v, in incarnation %d", got, swims.Facts.Value(victim.ID())>>2)
	}
	if got := swims.State(nobody); got != swim.Unknown {
		t.Errorf("nobody is held for %v", got)
	}
	if got := swims.State(other.ID()); got != swim.Suspect {
		t.Errorf("the other one is held for %v, want suspect: nobody is dead because somebody says so", got)
	}
	if dials := w.Link(victim.ID(), nobody).Dials; dials != 0 {
		t.Errorf("nobody was dialled %d times", dials)
	}
	if got := swims.BadMessages(); got != 1 {
		t.Errorf("%d messages were bad, want 1", got)
	}
	w.RunFor(30 * time.Second)
	for _, n := range nodes {
		for _, of := range nodes {
			if at(n, of) != swim.Alive {
				t.Errorf("%s holds %s for %v", n.Name(), of.Name(), at(n, of))
			}
		}
	}
}
