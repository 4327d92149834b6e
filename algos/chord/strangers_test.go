package chord

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// What strangers say makes nobody a member who does not answer as one, and what it breaks is whole again
// a few rounds later.
func TestStrangers(t *testing.T) {
	const n = 10
	r := newRig(t, 1, n, some(n))
	x := &algos.Base{}
	stranger := r.AddNode("x", func() core.Algorithm { return x })
	r.RunFor(time.Minute)
	nobody := algos.PeerOf(r.ID("nobody"))
	for _, victim := range r.Nodes()[:n] {
		stranger.Core().Call(func() {
			x.Post(victim.ID(), typeMeet, &nobody)
			x.Post(victim.ID(), typeMeet, &algos.Peer{})
			x.Post(victim.ID(), typeMeet, &victim.Algorithm().(*Chord).self)
			x.Post(victim.ID(), typeNotify, &nobody) // the stranger itself, too, wants to be before it
			x.Post(victim.ID(), typeStabilize, nil)
			x.Post(victim.ID(), typeMeet, nil) // malformed
		})
	}
	r.RunFor(time.Millisecond)
	for _, c := range r.ring(n) {
		if c.BadMessages() != 1 {
			t.Errorf("%v has counted %d bad messages, want 1", c.self, c.BadMessages())
		}
	}
	r.RunFor(time.Minute)
	cs := r.ring(n)
	for i, c := range cs {
		if before, next := cs[(i+n-1)%n].self, cs[(i+1)%n].self; c.predecessor != before || c.Successors.First() != next {
			t.Errorf("%v is between %v and %v, want %v and %v", c.self, c.predecessor, c.Successors.First(), before, next)
		}
	}
}
