package repro

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Messages between resenders, on one link.
const (
	typeNumbered core.Type = wire.FirstAlgorithmType + 64 + iota // link number, source's number, payload
	typeLacking                                                  // application, first number that is lacking, then all of them
)

// A resender asks again for what is lacking so often, and is sent it again no sooner.
const (
	askAgain   = 200 * time.Millisecond
	askAtOnce  = 64 // of one stream: what one message speaks of
	ackEvery   = 32 // messages: so often the other end learns what it need not keep
	maxBacklog = 1 << 14
)

// resender is a router for links that lose: it numbers what it sends on each link, and sends
// again what the other end lacks. Streams go on in whatever order messages come, so a loss
// delays nothing but what was lost. Each link makes good its own losses, so of a link that
// loses a share p, 1-p are of use, which is all that any scheme can have of it. It belongs to
// its node's loop.
//
// Messages that wait are copies, bounded by maxBacklog a link and stream; what goes over is
// dropped and counted. Sources are paced at what links bear.
type resender struct {
	algos.Base
	meter   *meter
	routes  []route
	out     []*numbered
	in      []*lacking
	dropped uint64
}

// numbered is a stream on a link to downstream.
type numbered struct {
	app   uint32
	to    core.NodeID
	next  uint32             // number of the next message
	kept  map[uint32]*resent // by number, until the other end has it
	base  uint32             // the first of them
	fresh []uint32           // to be sent for the first time
	again []uint32           // to be sent again
	rests bool
	bound bool // its lane's queue is
}

type resent struct {
	seq     uint64
	payload []byte
	at      time.Duration // when it was sent last; 0: not yet
	waits   bool          // to be sent again
	again   bool          // it was lost before
}

// lacking is a stream on a link from upstream.
type lacking struct {
	app   uint32
	from  core.NodeID
	base  uint32 // all before it have come
	next  uint32 // after the highest that has come
	have  map[uint32]bool
	since int // messages since the other end was told
}

func newResender(k *meter, routes []route) *resender { return &resender{meter: k, routes: routes} }

// Bind implements core.Algorithm.
func (r *resender) Bind(n *core.Node) {
	r.Base.Bind(n)
	for _, way := range r.routes {
		for _, to := range way.to {
			o := &numbered{app: way.app, to: to, kept: make(map[uint32]*resent)}
			r.out = append(r.out, o)
			r.Pull(to, way.app, func() bool { return r.serve(o) })
		}
	}
	r.Handle(wire.TypeStarted, func(*core.Msg) { r.Every(askAgain, r.ask) })
}

// Process implements core.Algorithm.
func (r *resender) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeData:
		r.forward(m.App(), m.Seq(), m.Payload())
	case typeNumbered:
		r.take(m)
	case typeLacking:
		r.hear(m)
	default:
		return r.Base.Process(m)
	}
	return core.Done
}

// forward puts a message into the queues of all that get its stream.
func (r *resender) forward(app uint32, seq uint64, payload []byte) {
	for _, o := range r.out {
		if o.app != app {
			continue
		}
		if len(o.kept) >= maxBacklog {
			r.dropped++
			continue
		}
		o.kept[o.next] = &resent{seq: seq, payload: slices.Clone(payload)}
		o.fresh = append(o.fresh, o.next)
		o.next++
		r.wake(o)
	}
}

func (r *resender) wake(o *numbered) {
	if o.rests {
		o.rests = false
		r.WakePull(o.to, o.app)
	}
}

// serve sends a message on a link that has room: what was lost first.
func (r *resender) serve(o *numbered) bool {
	for len(o.again) > 0 || len(o.fresh) > 0 {
		queue := &o.again
		if len(o.again) == 0 {
			queue = &o.fresh
		}
		number := (*queue)[0]
		*queue = (*queue)[1:]
		if k := o.kept[number]; k != nil { // else it has come by now
			k.at, k.waits = max(r.Now(), 1), false
			m := r.NewMsg(typeNumbered, o.app, 12+len(k.payload))
			b := m.Payload()
			binary.BigEndian.PutUint32(b, number)
			binary.BigEndian.PutUint64(b[4:], k.seq)
			copy(b[12:], k.payload)
			if !o.bound {
				o.bound = true
				r.SetLaneQueue(o.to, o.app, fewQueued)
			}
			r.Send(m, o.to)
			return true
		}
	}
	o.rests = true
	return false
}

// take takes a message from upstream.
func (r *resender) take(m *core.Msg) {
	b := m.Payload()
	if len(b) < 12 {
		return
	}
	in := r.lacking(m.From(), m.App())
	number, seq := binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])
	if number < in.base || in.have[number] {
		return // again
	}
	gap := number > in.next
	in.have[number] = true
	in.next = max(in.next, number+1)
	for in.have[in.base] {
		delete(in.have, in.base)
		in.base++
	}
	if in.since++; gap || in.since >= ackEvery {
		r.tell(in)
	}
	r.meter.received(len(b))
	r.meter.useful(m.App(), seq, b[12:])
	r.forward(m.App(), seq, b[12:])
}

func (r *resender) lacking(from core.NodeID, app uint32) *lacking {
	for _, in := range r.in {
		if in.from == from && in.app == app {
			return in
		}
	}
	in := &lacking{app: app, from: from, have: make(map[uint32]bool)}
	r.in = append(r.in, in)
	return in
}

// ask tells those upstream again what is lacking.
func (r *resender) ask() {
	for _, in := range r.in {
		if in.next > in.base {
			r.tell(in)
		}
	}
}

func (r *resender) tell(in *lacking) {
	in.since = 0
	numbers := []uint32{in.app, in.base}
	for n := in.base; n < in.next && len(numbers) < askAtOnce; n++ {
		if !in.have[n] {
			numbers = append(numbers, n)
		}
	}
	m := r.NewMsg(typeLacking, 0, 4*len(numbers))
	for i, n := range numbers {
		binary.BigEndian.PutUint32(m.Payload()[4*i:], n)
	}
	r.Send(m, in.from)
}

// hear learns what the other end of a link lacks.
func (r *resender) hear(m *core.Msg) {
	b := m.Payload()
	if len(b) < 8 {
		return
	}
	app, base := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	for _, o := range r.out {
		if o.app != app || o.to != m.From() {
			continue
		}
		for ; o.base < min(base, o.next); o.base++ {
			delete(o.kept, o.base)
		}
		for b := b[8:]; len(b) >= 4; b = b[4:] {
			number := binary.BigEndian.Uint32(b)
			k := o.kept[number]
			if k == nil || k.at == 0 || k.waits || k.again && r.Now() < k.at+askAgain*7/8 {
				continue // it may be on its way
			}
			k.waits, k.again = true, true
			o.again = append(o.again, number)
		}
		r.wake(o)
	}
}
