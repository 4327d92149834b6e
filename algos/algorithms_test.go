package algos_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// More algorithms of docs/algorithm.md, and how to test one in virtual time.

// Merge makes one message of two: those with the same number from two upstreams.
type Merge struct {
	algos.Base
	Next    core.NodeID
	waiting map[uint64]*core.Msg // by number; held
}

// Process implements core.Algorithm.
func (g *Merge) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return g.Base.Process(m)
	}
	first := g.waiting[m.Seq()]
	if first == nil {
		g.waiting[m.Seq()] = m
		return core.Hold // ours until Release
	}
	both := g.NewMsg(wire.TypeData, m.App(), len(first.Payload())+len(m.Payload()))
	n := copy(both.Payload(), first.Payload())
	copy(both.Payload()[n:], m.Payload())
	both.SetSeq(m.Seq())
	g.Send(both, g.Next)

	delete(g.waiting, m.Seq())
	g.Release(first)
	return core.Done
}

// Failover sends to a spare node while the main one is down.
type Failover struct {
	algos.Base
	Main, Spare core.NodeID
	down        bool
}

// retryMain is Failover's timer.
const retryMain = 1

// Process implements core.Algorithm.
func (f *Failover) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeData:
		if f.down {
			f.Send(m, f.Spare)
		} else {
			f.Send(m, f.Main)
		}
		return core.Done
	case wire.TypeLinkDown:
		if ev := m.Link(); ev.Direction == core.Downstream && ev.Peer == f.Main {
			f.down = true
			f.After(10*time.Second, retryMain)
		}
	case wire.TypeTimer:
		if m.TimerID() == retryMain {
			f.down = false
			return core.Done
		}
	}
	return f.Base.Process(m)
}

// Tuned lets the observer set the weight of an application of a favoured upstream.
type Tuned struct {
	relay.Relay
	Favourite core.NodeID
}

// Process implements core.Algorithm.
func (u *Tuned) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeControl {
		return u.Relay.Process(m)
	}
	app, weight := m.Params()
	if u.Trusted(m) && weight >= 1 && weight <= core.MaxWeight {
		u.SetWeight(u.Favourite, uint32(app), int(weight))
	}
	return core.Done
}

// Latest passes on the newest reading that it has, as often as the link takes one. What is
// overtaken while the link is busy is not sent.
type Latest struct {
	algos.Base
	Next   core.NodeID
	newest *core.Msg // retained
}

const readings = 7 // the application

// Process implements core.Algorithm.
func (l *Latest) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeStarted:
		l.Pull(l.Next, readings, l.send)
		l.SetLaneQueue(l.Next, readings, 1)
	case wire.TypeData:
		if l.newest != nil {
			l.Release(l.newest)
		}
		l.newest = m
		l.Retain(m)
		l.WakePull(l.Next, readings)
		return core.Done
	}
	return l.Base.Process(m)
}

// send is called when there is room for a reading.
func (l *Latest) send() bool {
	if l.newest == nil {
		return false // until WakePull
	}
	l.Send(l.newest, l.Next)
	l.Release(l.newest)
	l.newest = nil
	return true
}

func TestMerge(t *testing.T) {
	w := coretest.New(t, core.Config{})
	a, b := w.Node("a", &algos.Base{}), w.Node("b", &algos.Base{})
	var end coretest.Recorder
	next := w.Node("next", &end)
	merge := &Merge{Next: next.ID(), waiting: make(map[uint64]*core.Msg)}
	w.Node("merge", merge)
	for seq := range uint64(4) {
		w.Send(a, merge.ID(), wire.TypeData, 1, seq, fmt.Appendf(nil, "a%d", seq))
	}
	w.Run()
	if merge.Held() != 4 || len(end.Of(wire.TypeData)) != 0 {
		t.Errorf("%d messages are held, %d were sent", merge.Held(), len(end.Of(wire.TypeData)))
	}
	for seq := range uint64(3) {
		w.Send(b, merge.ID(), wire.TypeData, 1, seq, fmt.Appendf(nil, "b%d", seq))
	}
	w.Run()
	got := end.Of(wire.TypeData)
	if len(got) != 3 || got[2].Payload != "a2b2" || got[2].Seq != 2 || merge.Held() != 1 {
		t.Errorf("got %+v, and %d are held", got, merge.Held())
	}
}

func TestFailover(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var spare, home coretest.Recorder
	f := &Failover{Main: w.ID("main"), Spare: w.Node("spare", &spare).ID()}
	w.Node("failover", f)
	source := w.Node("source", &algos.Base{})

	w.Send(source, f.ID(), wire.TypeData, 1, 0, nil) // lost: nobody is at main
	w.RunFor(time.Second)
	w.Send(source, f.ID(), wire.TypeData, 1, 1, nil) // goes to the spare node
	w.RunFor(10 * time.Second)
	w.Node("main", &home)
	w.Send(source, f.ID(), wire.TypeData, 1, 2, nil) // ten seconds are over
	w.RunFor(0)
	if s, h := spare.Of(wire.TypeData), home.Of(wire.TypeData); len(s) != 1 || s[0].Seq != 1 || len(h) != 1 || h[0].Seq != 2 {
		t.Errorf("the spare node got %v, the main one %v", s, h)
	}
}

// A thousand readings in a second, over a link that takes a hundred.
func TestLatest(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var next coretest.Recorder
	l := &Latest{Next: w.Node("next", &next).ID()}
	w.Node("latest", l)
	l.SetLink(l.Next, emul.Link{Rate: 100 * (wire.HeaderSize + 1000)})
	source := w.Node("source", &algos.Base{})
	for i := range uint64(1000) {
		w.Send(source, l.ID(), wire.TypeData, readings, i, make([]byte, 1000))
		w.RunFor(time.Millisecond)
	}
	w.RunFor(time.Second)
	got := next.Of(wire.TypeData)
	if len(got) < 95 || len(got) > 110 || got[len(got)-1].Seq != 999 || l.Stats().Lost.OutMsgs != 0 || l.Held() != 0 {
		t.Errorf("%d readings came, the last is %+v, %d lost, %d held", len(got), got[len(got)-1], l.Stats().Lost.OutMsgs, l.Held())
	}
	for i, m := range got[1:] {
		if m.Seq <= got[i].Seq || m.Seq > got[i].Seq+25 {
			t.Errorf("reading %d comes after %d", m.Seq, got[i].Seq)
		}
	}
}

func TestTuned(t *testing.T) {
	w := coretest.New(t, core.Config{})
	a := w.Node("a", &algos.Base{})
	u := &Tuned{Relay: *relay.New(nil), Favourite: a.ID()}
	w.Node("tuned", u)
	w.RunFor(0)
	u.Observer = a.ID()
	for _, weight := range []uint64{7, 0, 1 << 20} {
		w.Send(a, u.ID(), wire.TypeControl, 0, 5<<32|weight, nil)
	}
	w.Send(a, u.ID(), wire.TypeData, 5, 0, nil)
	w.Run()
	for _, l := range u.Stats().Upstream {
		if l.App == 5 && l.Weight != 7 {
			t.Errorf("the weight is %d, want 7", l.Weight)
		}
	}
}

const (
	ask    = wire.FirstUserType
	answer = wire.FirstUserType + 1
)

// Poll asks its peers for a value every second, and answers those that ask.
type Poll struct {
	algos.Base
	Peers                 []core.NodeID
	Value                 uint64
	Asked, Answered, Lost uint64
}

// Process implements core.Algorithm.
func (p *Poll) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeWorldUp:
		p.After(time.Second, nextRound)
	case wire.TypeTimer:
		if m.TimerID() != nextRound {
			return p.Base.Process(m)
		}
		for _, peer := range p.Peers {
			p.Send(p.NewMsg(ask, 0, 0), peer)
			p.Asked++
		}
		p.After(time.Second, nextRound)
	case ask:
		reply := p.NewMsg(answer, 0, 8)
		binary.BigEndian.PutUint64(reply.Payload(), p.Value)
		p.Send(reply, m.From())
	case answer:
		p.Answered++
	case wire.TypeLinkDown, wire.TypeSendFailed:
		p.Lost += m.Link().Lost // every loss is told in one of these
		return p.Base.Process(m)
	default:
		return p.Base.Process(m)
	}
	return core.Done
}

const nextRound = 1

// Every question of the tutorial's protocol is answered or told lost, also by nodes
// with queues of two messages that ask a hundred times at once.
func TestPoll(t *testing.T) {
	w := coretest.New(t, core.Config{QueueMsgs: 2, OverflowMsgs: 4})
	a, b := &Poll{Value: 1}, &Poll{Value: 2}
	for range 100 {
		a.Peers, b.Peers = append(a.Peers, w.ID("b")), append(b.Peers, w.ID("a"))
	}
	w.Node("a", a)
	w.Node("b", b)
	w.AllUp()
	w.RunFor(9500 * time.Millisecond)
	if a.Asked != 900 || b.Asked != 900 || a.Answered == 0 || b.Answered == 0 {
		t.Errorf("asked %d and %d, answered %d and %d", a.Asked, b.Asked, a.Answered, b.Answered)
	}
	if a.Asked+b.Asked != a.Answered+b.Answered+a.Lost+b.Lost {
		t.Errorf("asked %d, answered %d, told lost %d", a.Asked+b.Asked, a.Answered+b.Answered, a.Lost+b.Lost)
	}
}

// Meter passes data on to one node and counts it.
type Meter struct {
	algos.Base
	Next        core.NodeID
	Msgs, Bytes int
}

// Process implements core.Algorithm.
func (t *Meter) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return t.Base.Process(m)
	}
	t.Msgs++
	t.Bytes += m.Len()
	t.Send(m, t.Next)
	return core.Done
}

// ProcessBatch implements core.BatchAlgorithm.
func (t *Meter) ProcessBatch(b *core.Batch) {
	b.Take(t.Next)
	t.Msgs += b.Len()
	t.Bytes += b.Bytes()
}

// Batches implements core.BatchAlgorithm.
func (t *Meter) Batches() core.Algorithm { return t }
