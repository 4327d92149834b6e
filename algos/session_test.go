package algos_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Sessions against a map of each fact. What is known of none takes no room.
func TestSessionsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newObserved(t)
		joined, source := map[uint32]bool{}, map[uint32]core.NodeID{}
		draw := func() uint32 { return rapid.Uint32Range(1, 4).Draw(t, "app") }
		number := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"join":  func(*rapid.T) { app := draw(); p.tell(wire.TypeJoin, app, nil); joined[app] = true },
			"leave": func(*rapid.T) { app := draw(); p.tell(wire.TypeLeave, app, nil); delete(joined, app) },
			"announced": func(*rapid.T) {
				app := draw()
				number++
				p.Send(p.peer.Node, p.node.ID(), wire.TypeAnnounce, 0, uint64(app)<<32|number, nil)
				p.RunFor(0)
				source[app] = p.peer.ID()
			},
			"announce": func(*rapid.T) {
				app := draw()
				p.Call(p.node, func() { p.node.Announce(app) })
				source[app] = p.node.ID()
			},
			"broken": func(*rapid.T) { app := draw(); p.tell(wire.TypeBrokenSource, app, nil); delete(source, app) },
			"end": func(*rapid.T) {
				app := draw()
				p.Deliver(p.node, wire.TypeSourceEnd, app, 0, nil)
				if source[app] == p.node.ID() {
					delete(source, app)
				}
			},
			"": func(t *rapid.T) {
				known := 0
				for app := range uint32(5) {
					if p.node.Joined(app) != joined[app] || p.node.Source(app) != source[app] {
						t.Fatalf("session %d: joined %v, source %v, want %v, %v",
							app, p.node.Joined(app), p.node.Source(app), joined[app], source[app])
					}
					if want := joined[app] || source[app] == p.node.ID(); p.node.InSession(app) != want {
						t.Fatalf("session %d: InSession is not %v", app, want)
					}
					if joined[app] || !source[app].IsZero() {
						known++
					}
				}
				if s := p.node.Status(); s.Apps != known {
					t.Fatalf("%d sessions known, want %d", s.Apps, known)
				}
			},
		})
	})
}

func TestSessionsAreBounded(t *testing.T) {
	p := newObserved(t)
	for app := range uint32(algos.MaxSessions) {
		p.node.Join(app + 1)
	}
	p.node.AddHost(p.peer.ID())
	p.tell(wire.TypeAnnounce, 5000, nil)
	p.tell(wire.TypeJoin, 5000, nil)
	p.Call(p.node, func() {
		if p.node.Join(5000) || p.node.Announce(5000) != 0 || p.node.Ask(5000, 1) != 0 {
			t.Error("there was room for one session too many")
		}
		if !p.node.Join(1) {
			t.Error("a member was not let in again")
		}
	})
	if p.node.BadMessages() != 5 || p.node.Status().Apps != algos.MaxSessions {
		t.Errorf("%d bad messages, %d sessions", p.node.BadMessages(), p.node.Status().Apps)
	}
}

func TestLeaveForgetsTheContact(t *testing.T) {
	p := newPair(t, core.Config{})
	p.node.Join(5)
	p.Call(p.node, func() { p.node.Ask(5, 1) })
	p.tell(wire.TypeQueryAck, 5, nil)
	if p.node.Contact(5) != p.peer.ID() {
		t.Fatalf("contact %v", p.node.Contact(5))
	}
	p.node.Leave(5)
	if !p.node.Contact(5).IsZero() || p.node.Status().Apps != 0 {
		t.Errorf("contact %v after Leave", p.node.Contact(5))
	}
}

// Terminating a source ends it, and with it what is known of the session.
func TestTerminateSource(t *testing.T) {
	p := newObserved(t)
	closed := 0
	p.node.Deploy = func(app uint32, _ []byte) { p.node.AddSource(app, &idle{&closed}); p.node.Announce(app) }
	p.tell(wire.TypeDeploy, 5, nil)
	p.tell(wire.TypeDeploy, 6, nil)
	p.tell(wire.TypeTerminateSource, 5, nil)
	if closed != 1 || !p.node.Source(5).IsZero() || p.node.Source(6) != p.node.ID() {
		t.Errorf("%d sources ended, of session 5: %v, of 6: %v", closed, p.node.Source(5), p.node.Source(6))
	}
}

// idle is a source with nothing to send.
type idle struct{ closed *int }

func (*idle) Produce(*core.Node) core.Supply { return core.Supply{} }
func (i *idle) Close()                       { *i.closed++ }
