package host

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Invariant is what an algorithm implements that knows what must always hold of its
// state. It is asked between two messages, on the node's loop, and must change
// nothing. An error ends the run.
type Invariant interface{ Invariant() error }

// guard asks an algorithm for its invariant: whenever counters are read, and after each
// so many messages and events. Only the first violation is kept: what comes after it is
// of a state that should not be.
type guard struct {
	of    Invariant // nil: it has none, or there is nothing to look for any more
	every int       // events from one look to the next; 0: none
	left  int       // events until the next look
	what  string
	at    time.Duration
	tell  func()
}

func (g *guard) begin(a core.Algorithm, every int) {
	g.of, _ = a.(Invariant)
	g.every, g.left = every, every
}

// OnViolation has a function called, once, when the algorithm's Invariant is found
// violated: for a runtime that can stop then.
func (h *Host) OnViolation(fn func()) { h.guard.tell = fn }

// event counts what the algorithm was given.
func (g *guard) event(n *core.Node, t core.Type) {
	if t == wire.TypeStopping {
		g.of = nil // what comes now is the end of the overlay, in which nothing need hold
		return
	}
	if g.of == nil || g.every == 0 {
		return
	}
	if g.left--; g.left <= 0 {
		g.left = g.every
		g.look(n)
	}
}

func (g *guard) look(n *core.Node) {
	if g.of == nil || n.Ended() {
		return
	}
	err := ask(g.of)
	if err == nil {
		return
	}
	g.what, g.at, g.of = err.Error(), n.Now(), nil
	if g.what == "" {
		g.what = fmt.Sprintf("an error without words, of type %T", err)
	}
	if g.tell != nil {
		g.tell()
	}
}

// take looks once more, and returns a violation that was not taken yet.
func (g *guard) take(n *core.Node) (what string, at time.Duration) {
	g.look(n)
	what, at = g.what, g.at
	g.what, g.at = "", 0
	return what, at
}

// ask has a panic be a violation: whoever reads counters must not go down with it.
func ask(of Invariant) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("Invariant panicked: %v", v)
		}
	}()
	return of.Invariant()
}
