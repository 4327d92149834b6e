package core

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// A session that ends and begins again at once loses nothing and keeps its order,
// however slowly the receiver takes what is still under way: the new lane waits for
// the old one to end at both ends. So does a link that is closed and wanted again.
func TestNothingOvertakesALaneThatParts(t *testing.T) {
	for name, end := range map[string]func(n *Node){
		"session": func(n *Node) { n.EndSession(5) },
		"link":    func(n *Node) { n.CloseLink(nodeID(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 4})
			defer w.close()
			var got []uint64
			var kept []*Msg
			downs := 0
			slow := w.node(1, func(n *Node, m *Msg) Verdict {
				switch m.Type() {
				case wire.TypeData:
					got = append(got, m.Seq())
					if len(kept) < 4 { // which fills the lane's buffer
						kept = append(kept, m)
						return Hold
					}
				case wire.TypeLinkDown:
					downs++
				}
				return Done
			})
			lost := uint64(0)
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				switch m.Type() {
				case wire.TypeLinkDown, wire.TypeSendFailed:
					lost += m.Link().Lost
				}
				return Done
			})
			w.settle()
			seq := uint64(0)
			send := func(count int) {
				n.sw.Call(func() {
					for range count {
						m := n.NewMsg(wire.TypeData, 5, 0)
						m.SetSeq(seq)
						seq++
						n.Send(m, nodeID(1))
					}
				})
			}
			for range 3 {
				send(6)
				w.settle()
				n.sw.Call(func() { end(n) })
				w.settle()
				send(2)
				w.pass(time.Second)
				slow.sw.Call(func() {
					for _, m := range kept {
						slow.Release(m)
					}
				})
				kept = nil
				w.pass(time.Second)
				w.check()
			}
			slow.sw.Call(func() {
				for _, m := range kept {
					slow.Release(m)
				}
			})
			w.pass(time.Second)
			for i, s := range got {
				if s != uint64(i) {
					t.Fatalf("message %d is number %d", i, s)
				}
			}
			if uint64(len(got)) != seq || lost != 0 || downs == 0 {
				t.Errorf("%d of %d messages came, %d were told lost, %d lanes ended", len(got), seq, lost, downs)
			}
		})
	}
}
