package a

import (
	"encoding/binary"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

type Messages struct {
	algos.Base
	last    *core.Msg
	all     []*core.Msg
	byNode  map[core.NodeID]*core.Msg
	payload []byte
	parts   [][]byte
	pair    struct{ m *core.Msg }
}

var global *core.Msg

func (x *Messages) Process(m *core.Msg) core.Verdict {
	m.Payload()[0] = 1 // want `write after send: into a message that came from elsewhere`
	c := x.Clone(m)
	c.Payload()[0] = 1
	x.Send(c, "a")
	m.SetSeq(3) // want `write after send: SetSeq of m`
	return core.Done
}

func (x *Messages) AfterSend() {
	m := x.NewMsg(1024, 0, 8)
	p := m.Payload()
	binary.BigEndian.PutUint64(p, 1)
	x.Send(m, "a")
	binary.BigEndian.PutUint64(p, 2) // want `write after send: m has been sent`
	p[0] = 1                         // want `write after send: m`
	p[1]++                           // want `write after send: m`
	copy(p[2:], "x")                 // want `write after send: m`
	m.SetSeq(1)                      // want `write after send: SetSeq of m`
	m = x.NewMsg(1024, 0, 8)
	m.Payload()[0] = 1
}

func (x *Messages) InLoop() {
	m := x.NewMsg(1024, 0, 8)
	for i := range 3 {
		m.Payload()[0] = byte(i) // want `write after send: m`
		x.Send(m, "a")
	}
	for i := range 3 {
		m := x.NewMsg(1024, 0, 8)
		m.Payload()[0] = byte(i)
		x.Disseminate(m, "a")
	}
}

func (x *Messages) Ranges(made []*core.Msg) {
	for _, m := range made {
		m.SetSeq(1)
		x.Send(m, "a")
	}
}

func (x *Messages) Branches(a bool) {
	m := x.NewMsg(1024, 0, 8)
	if a {
		x.Send(m, "a")
		return
	}
	m.Payload()[0] = 1 // on no way behind the Send
	x.Send(m, "a")
}

func (x *Messages) Keeps(m *core.Msg) {
	x.last = m                             // want `kept message: m: .*it is kept`
	x.all = append(x.all, m)               // want `kept message: m`
	x.byNode[m.From()] = m                 // want `kept message: m`
	x.payload = m.Payload()[2:]            // want `kept message: m: .*its payload is kept`
	x.parts = append(x.parts, m.Payload()) // want `kept message: m`
	global = m                             // want `kept message: m`
	x.pair = struct{ m *core.Msg }{m}      // want `kept message: m`
	p := m.Payload()
	x.payload = p // want `kept message: m`
	x.payload = append(x.payload[:0], p...)
	x.AfterFunc(1, func() { x.Send(m, "a") }) // want `kept message: m is used in a function`
	from := m.From()
	x.AfterFunc(1, func() { x.Send(x.NewMsg(1024, 0, 0), from) })
}

func (x *Messages) Retains(m *core.Msg) {
	x.Retain(m)
	x.last = m
}

func (x *Messages) Holds(m *core.Msg) core.Verdict {
	x.keep(m)
	return core.Hold
}

func (x *Messages) keep(m *core.Msg) { x.last = m }

func (x *Messages) Local(m *core.Msg) {
	var seen []*core.Msg
	seen = append(seen, m)
	for i := range seen {
		x.Send(seen[i], "a")
	}
}
