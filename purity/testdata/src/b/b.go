// Package b does in roundabout ways what package a does directly.
package b

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"example.org/helper"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

type Far struct {
	algos.Base
	wall  helper.Wall
	n     int
	v     map[int]int
	list  []int
	c     chan int
	store helper.Store
	clock func() time.Time
}

func (x *Far) Process(m *core.Msg) core.Verdict {
	_ = helper.Stamp()                  // want `clock: Stamp, in helper/helper.go:\d+: time.Now is the machine's time`
	_ = x.wall.Now()                    // want `clock: Now, in helper/helper.go:\d+: time.Now`
	_ = helper.Clock()                  // want `clock: Clock, in helper/helper.go:\d+: time.Now`
	x.clock = helper.Clock              // want `clock: Clock`
	x.n = helper.Roll(7)                // want `randomness: Roll`
	helper.Background(func() { x.n++ }) // want `goroutine: Background`
	helper.Pause()                      // want `clock: Pause, in helper/helper.go:\d+: time.Sleep stops`
	x.list = helper.Keys(x.v)           // want `map order: Keys`
	helper.Signal(x.c)                  // want `channel: Signal`
	helper.Spin(&x.n)                   // want `endless loop: Spin`
	helper.Scribble(m)                  // want `write after send: into a message that came from elsewhere`
	helper.Fill(m.Payload()[1:])        // want `write after send: into a message`
	x.store.Put(m)                      // want `kept message: m: after Process its memory belongs to the next`
	for k := range x.v {                // want `map order: .*Push sends, sets timers, draws or appends`
		x.store.Push(k)
	}
	_ = helper.Right()
	_ = helper.Double(x.n) + helper.Sum(x.v) + helper.Seeded(1).IntN(4)
	helper.Copied(m)
	var own helper.Store
	own.Put(m)
	q := x.NewMsg(1, 0, 8)
	helper.Scribble(q)
	helper.Emit(x.Node, q)
	q.Payload()[0] = 1 // want `write after send: q has been sent`
	return x.late()
}

var now = time.Now // want `clock: time.Now`

var unused = time.Now

func (x *Far) late() core.Verdict {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // want `clock: context.WithTimeout`
	defer cancel()
	_, _ = ctx, now()
	var h maphash.Hash
	x.n = int(h.Sum64()) // want `randomness: maphash.Sum64`
	return core.Done
}

type Near struct {
	algos.Base
	next core.NodeID
	last *core.Msg
	pay  []byte
	box  box[*core.Msg]
}

type box[T any] struct{ v T }

func (b *box[T]) put(v T) { b.v = v }

func (x *Near) Bind(n *core.Node) {
	x.Base.Bind(n)
	x.Handle(1, func(m *core.Msg) { x.last = m })       // want `kept message: m`
	x.Handle(2, func(m *core.Msg) { m.Payload()[0]++ }) // want `write after send: into a message that came from elsewhere`
	x.Handle(3, x.got)
	algos.On(&x.Base, 4, func(m *core.Msg, body int) { fill(m) }) // want `write after send: into a message that came from elsewhere`
	x.OnUp(func() {
		x.Every(time.Second, func() {
			q := x.NewMsg(1, 0, 8)
			fill(q)
			x.Send(q, x.next)
			fill(q) // want `write after send: q has been sent`
		})
	})
}

func (x *Near) got(m *core.Msg) {
	m.Payload()[0] = 1 // want `write after send: into a message that came from elsewhere`
}

func (x *Near) Process(m *core.Msg) core.Verdict {
	x.box.put(m)        // want `kept message: m`
	x.save(m.Payload()) // want `kept message: m: .* its payload is kept`
	x.save(slices.Clone(m.Payload()))
	send := x.Send
	q := x.NewMsg(1, 0, 8)
	send(q, x.next)
	q.Payload()[0] = 1 // want `write after send: q has been sent`
	r := x.NewMsg(1, 0, 8)
	x.emit(r)
	copy(r.Payload(), "late") // want `write after send: r has been sent`
	return core.Done
}

func (x *Near) save(b []byte)    { x.pay = b }
func (x *Near) emit(m *core.Msg) { x.Send(m, x.next) }
func fill(m *core.Msg)           { m.Payload()[2] = 1 }

type Maps struct {
	algos.Base
	v    map[int]int
	list []int
	s    string
	best int
}

func (x *Maps) Process(m *core.Msg) core.Verdict {
	x.list = slices.Collect(maps.Keys(x.v))                       // want `map order: what is gathered`
	maps.Keys(x.v)(func(k int) bool { x.best = k; return false }) // want `map order: it is called with one after the other`
	var sb strings.Builder
	for k := range x.v { // want `map order: .*Fprintf writes in its order`
		fmt.Fprintf(&sb, "%d", k)
	}
	for k := range x.v { // want `map order: .*WriteByte writes in its order`
		sb.WriteByte(byte(k))
	}
	for k, v := range x.v {
		var own strings.Builder
		fmt.Fprint(&own, k, v)
		own.WriteString("of its own")
	}
	keys := slices.Collect(maps.Keys(x.v))
	slices.Sort(keys)
	x.list = slices.Sorted(maps.Keys(x.v))
	who, most := -1, -1
	for k, v := range x.v {
		if v > most || v == most && k < who {
			who, most = k, v
		}
	}
	for k, v := range x.v { // want `map order: .*depends on who comes last`
		if v >= most {
			who, most = k, v
		}
	}
	for k, v := range x.v { // want `map order: .*depends on who comes last`
		if v > most || v == most && v < who {
			who, most = k, v
		}
	}
	x.best = who
	return core.Done
}

type Loops struct {
	algos.Base
	n int
	q []int
}

func (x *Loops) Process(m *core.Msg) core.Verdict {
	switch x.n {
	case 1:
	again: // want `endless loop: goto again comes back to it`
		x.n++
		goto again
	case 2:
	retry:
		if x.n++; x.n < 7 {
			goto retry
		}
	case 3:
		for i := 0; i < 10; { // want `endless loop: nothing in it changes its condition`
			x.n++
		}
	case 4:
		i := 0
		step := func() { i++ }
		for i < 10 {
			step()
		}
	case 5:
		for left := x.q; len(left) > 0; {
			left = left[1:]
		}
	case 6:
		for x.n < 10 { // a call may change a field
			x.step()
		}
	case 7:
		x.forever()
	case 8:
		x.down(9)
	}
	return core.Done
}

func (x *Loops) step()    { x.n++ }
func (x *Loops) forever() { x.forever() } // want `endless loop: forever calls itself on every way`
func (x *Loops) down(n int) int {
	if n == 0 {
		return 0
	}
	return x.down(n - 1)
}

// row is taken from by a method, so its length changes.
type row []int

func (r *row) pop() { *r = (*r)[1:] }

func (x *Loops) emptied(r row) {
	for len(r) > 0 {
		r.pop()
	}
}
