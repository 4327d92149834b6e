package netcode_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The paper's code: a+b at one node, b from it and a at another.
func TestSumOfTwo(t *testing.T) {
	w := coretest.New(t, core.Config{})
	sink := newLedger(t, "f")
	f := netcode.NewSolver([]uint32{1, 2}, []uint32{1, 3}, sink)
	w.Node("f", f)
	d := netcode.NewLinear([]uint32{1, 2}, netcode.Out{App: 3, Coefs: []byte{1, 1}, To: []core.NodeID{w.ID("f")}})
	w.Node("d", d)
	a, b := w.Node("a", &algos.Base{}), w.Node("b", &algos.Base{})
	for i := range uint64(100) {
		say(a, 1, i, 500, w.ID("d"), w.ID("f"))
		say(b, 2, i, 500, w.ID("d"))
		w.RunFor(time.Millisecond)
	}
	if got := d.Counts(); got.Complete != 100 || got.Incomplete+got.Late+got.Bad+got.Unmatched != 0 || d.Waiting() != 0 {
		t.Errorf("the coding node counts %+v", got)
	}
	if want := seqsUpTo(100); fmt.Sprint(sink.seqs[1]) != want || fmt.Sprint(sink.seqs[2]) != want {
		t.Errorf("f got %v", sink.seqs)
	}
	if f.Recovered(1) != 100 || f.Held()+d.Held() != 0 {
		t.Errorf("f recovered %d; f holds %d and d %d", f.Recovered(1), f.Held(), d.Held())
	}
}

// A stream that stalls is waited for once, the rest goes on as it is, and when it is
// back so is the code.
func TestStallAndReturn(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var got []string
	c := &netcode.Coder{Streams: []uint32{1, 2}, Wait: time.Second}
	c.Rule = func(s *netcode.Set) {
		got = append(got, fmt.Sprintf("%d:%v,%v", s.Seq(), s.Msg(0) != nil, s.Msg(1) != nil))
	}
	c.OnInput = func(i int, s netcode.InputState) { got = append(got, fmt.Sprintf("input %d %v", i, s)) }
	w.Node("c", c)
	a := w.Node("a", &algos.Base{})
	both := func(seq uint64) { say(a, 1, seq, 9, w.ID("c")); say(a, 2, seq, 9, w.ID("c")); w.RunFor(0) }
	both(0)
	say(a, 1, 1, 9, w.ID("c"))
	w.RunFor(999 * time.Millisecond)
	if len(got) != 1 || c.Held() != 1 || c.InputState(1) != netcode.Live {
		t.Fatalf("before the wait is over: %v, %d held", got, c.Held())
	}
	w.RunFor(time.Millisecond)
	say(a, 1, 2, 9, w.ID("c")) // at once
	w.RunFor(0)
	both(3) // 3 of the first goes alone, since nobody waits for the second; then 3 of the second comes
	both(4)
	w.Run()
	want := []string{"0:true,true", "input 1 stalled", "1:true,false", "2:true,false", "3:true,false", "input 1 live", "3:false,true", "4:true,true"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c.Held() != 0 || c.Waiting() != 0 {
		t.Errorf("%d held, %d waiting", c.Held(), c.Waiting())
	}
}

// An upstream that dies is not waited for at all, and one that takes over is welcome.
func TestDeathAndHeir(t *testing.T) {
	w := coretest.New(t, core.Config{})
	c := &netcode.Coder{Streams: []uint32{1, 2}, Wait: time.Hour}
	var got []string
	c.Rule = func(s *netcode.Set) { got = append(got, fmt.Sprint(s.Seq(), s.Complete())) }
	w.Node("c", c)
	a, b, heir := w.Node("a", &algos.Base{}), w.Node("b", &algos.Base{}), w.Node("heir", &algos.Base{})
	say(a, 1, 7, 9, w.ID("c"))
	say(b, 2, 6, 9, w.ID("c"))
	w.RunFor(time.Second)
	b.Kill()
	w.RunFor(time.Second)
	if c.InputState(1) != netcode.Ended || c.Held() != 0 {
		t.Fatalf("input 1 is %v, %d held", c.InputState(1), c.Held())
	}
	say(heir, 2, 0, 9, w.ID("c")) // numbers of its own
	say(heir, 2, 8, 9, w.ID("c"))
	w.RunFor(0)
	say(a, 1, 8, 9, w.ID("c"))
	w.RunFor(time.Second)
	if want := []string{"6 false", "7 false", "0 false", "8 true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Any code, any loss: whatever the equations that arrive determine is recovered, byte by
// byte, and nothing else; a slow oracle does the algebra again.
func TestLinearCodesUnderLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "streams")
		m := rapid.IntRange(1, 5).Draw(t, "coded")
		size := rapid.IntRange(1, 300).Draw(t, "size")
		queue := rapid.SampledFrom([]int{1, 2, 5, 20, 100, 100, 100}).Draw(t, "queue")
		loss := rapid.Float64Range(0, 0.5).Draw(t, "loss")
		w := coretest.New(t, core.Config{QueueMsgs: queue})
		sink := newLedger(t, "receiver")
		var streams, inputs []uint32
		var outs []netcode.Out
		for i := range n {
			streams = append(streams, uint32(i+1))
		}
		for j := range m {
			coefs := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "row")
			outs = append(outs, netcode.Out{App: uint32(100 + j), Coefs: coefs, To: []core.NodeID{w.ID("r")}})
			inputs = append(inputs, uint32(100+j))
		}
		seen := make(map[uint64][]coding.Packet) // what the receiver got of each number
		v := netcode.NewSolver(streams, inputs, sink)
		v.Wait = time.Minute // the coding node waits too, for streams that have ended
		w.Node("r", spyOn(v, func(m *core.Msg) {
			if m.Type() == netcode.TypeCoded {
				if p, err := coding.Parse(slices.Clone(m.Payload())); err == nil {
					seen[m.Seq()] = append(seen[m.Seq()], p)
				}
			}
		}))
		l := netcode.NewLinear(streams, outs...)
		ln := w.Node("l", l)
		ln.SetLink(w.ID("r"), emul.Link{Loss: loss})
		for i, app := range streams {
			s := w.Node(fmt.Sprint("s", i), &algos.Base{})
			s.SetLink(w.ID("l"), emul.Link{Loss: loss / 2, Latency: time.Duration(i) * time.Millisecond})
			for seq := range uint64(40) {
				say(s, app, seq, size, w.ID("l"))
			}
		}
		w.Run()
		if l.Held()+v.Held() != 0 {
			t.Fatalf("%d and %d messages are still held", l.Held(), v.Held())
		}
		for i, app := range streams {
			var want []uint64
			for seq := range uint64(40) {
				if determined(seen[seq], n, i) {
					want = append(want, seq)
				}
			}
			got := slices.Clone(sink.seqs[app])
			slices.Sort(got)
			if queue < 40 {
				// The buffers are too small for the gaps that loss makes between the coded
				// streams: they stop each other until one counts as stalled, and what comes
				// then comes alone. Nothing is ever wrong, and nothing is made up.
				for _, seq := range got {
					if !slices.Contains(want, seq) {
						t.Fatalf("stream %d: got %d, which nobody could know", app, seq)
					}
				}
				continue
			}
			if !slices.Equal(got, want) {
				t.Fatalf("stream %d: got %v, want %v", app, got, want)
			}
		}
	})
}

// determined reports whether the packets' coefficients determine stream i: whether its
// unit vector is in the space of their rows.
func determined(packets []coding.Packet, n, i int) bool {
	unit := make([]byte, n)
	unit[i] = 1
	var rows [][]byte
	for _, p := range packets {
		rows = append(rows, p.Coefs)
	}
	if len(rows) == 0 {
		return false
	}
	without, err := coding.NewMatrix(rows...)
	if err != nil {
		panic(err)
	}
	with, err := coding.NewMatrix(append(rows, unit)...)
	if err != nil {
		panic(err)
	}
	return with.Rank() == without.Rank()
}

// spy shows every message to a function before its algorithm gets it.
type spy struct {
	core.Algorithm
	see func(m *core.Msg)
}

func spyOn(a core.Algorithm, see func(m *core.Msg)) *spy { return &spy{a, see} }

func (s *spy) Process(m *core.Msg) core.Verdict {
	s.see(m)
	return s.Algorithm.Process(m)
}

// A stream that is ahead is held up, not the others, and nothing piles up here.
func TestTheFasterStreamWaits(t *testing.T) {
	w := coretest.New(t, core.Config{QueueMsgs: 10})
	complete := 0
	c := &netcode.Coder{Streams: []uint32{1, 2}}
	c.Rule = func(s *netcode.Set) {
		if s.Complete() {
			complete++
		}
	}
	w.Node("c", c)
	fast, slow := w.Node("fast", &algos.Base{}), w.Node("slow", &algos.Base{})
	slow.SetLink(w.ID("c"), emul.Link{Rate: 10 * emul.KBps})
	for seq := range uint64(500) {
		say(fast, 1, seq, 1000, w.ID("c"))
		say(slow, 2, seq, 1000, w.ID("c"))
	}
	for range 400 { // 52 s of traffic at 10 KB/s
		w.RunFor(100 * time.Millisecond)
		if c.Waiting() > 11 {
			t.Fatalf("%d numbers wait", c.Waiting())
		}
	}
	w.Run()
	if complete != 500 || c.Counts().Incomplete != 0 {
		t.Errorf("%d complete, counts %+v", complete, c.Counts())
	}
}

func TestUnmatchedLengthsGoAlone(t *testing.T) {
	w := coretest.New(t, core.Config{})
	sink := newLedger(t, "r")
	w.Node("r", netcode.NewSolver([]uint32{1, 2}, []uint32{3, 1}, sink))
	l := netcode.NewLinear([]uint32{1, 2}, netcode.Out{App: 3, Coefs: []byte{1, 1}, To: []core.NodeID{w.ID("r")}})
	w.Node("l", l)
	a := w.Node("a", &algos.Base{})
	say(a, 1, 0, 10, w.ID("l"))
	say(a, 2, 0, 11, w.ID("l"))
	say(a, 1, 1, 10, w.ID("l"))
	say(a, 2, 1, 10, w.ID("l"))
	say(a, 1, 1, 10, w.ID("r"))
	w.Run()
	if got := l.Counts(); got.Unmatched != 1 || got.Complete != 1 || got.Incomplete != 2 {
		t.Errorf("counts %+v", got)
	}
	if got := fmt.Sprint(sink.seqs); got != "map[1:[0 1] 2:[0 1]]" {
		t.Errorf("the receiver got %v", got)
	}
}

// In steady state a coding node and a solver allocate nothing a message.
func TestLinearAllocates(t *testing.T) {
	w := coretest.New(t, core.Config{})
	w.Node("r", netcode.NewSolver([]uint32{1, 2}, []uint32{1, 3}, discard{}))
	w.Node("l", netcode.NewLinear([]uint32{1, 2}, netcode.Out{App: 3, Coefs: []byte{1, 7}, To: []core.NodeID{w.ID("r")}}))
	a := w.Node("a", &algos.Base{})
	seq, l, r := uint64(0), w.ID("l"), w.ID("r")
	send := func() {
		a.Call(func() {
			for app := uint32(1); app <= 2; app++ {
				m := a.NewMsg(wire.TypeData, app, 1000)
				m.SetSeq(seq)
				a.Send(m, l)
				if app == 1 {
					a.Send(m, r)
				}
			}
		})
		seq++
		for w.Shard().Unflushed() || w.Shard().Ready() {
			w.Shard().Flush()
			w.Shard().ServeNext()
		}
	}
	send()
	w.RunFor(time.Minute) // links open, the timers are set once
	for range 100 {
		send()
	}
	if got := testing.AllocsPerRun(500, send); got > 0 {
		t.Errorf("%v allocations a number", got)
	}
}

type discard struct{}

func (discard) Consume(*core.Node, *core.Msg) {}
