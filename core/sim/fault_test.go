package sim

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const hop = time.Millisecond

// talk makes two nodes with an open lane from a to b, and forgets how it came.
func talk(t *testing.T, o Options) (w *World, d *diary, a, b *Node) {
	t.Helper()
	o.Hop = hop
	w, d = watched(t, o)
	a, b = w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	say(a, b.ID(), 1, 0, "")
	mustRun(t, w, 10*hop)
	d.take()
	return w, d, a, b
}

func TestCrashBreaksLanes(t *testing.T) {
	w, d, a, b := talk(t, Options{})
	w.Schedule(Fault{At: 20 * hop, Kind: Crash, Nodes: []string{"b"}})
	mustRun(t, w, 20*hop)
	say(a, b.ID(), 1, 1, "") // within the pause after a failure
	mustRun(t, w, time.Second)
	say(a, b.ID(), 1, 2, "")
	mustRun(t, w, time.Second)
	expect(t, d,
		"20ms fault 20ms crash b",
		"20ms b ended",
		"21ms a: link-down downstream b/1: reset, lost 0",
		"40ms a: send-failed downstream b/1: reset, lost 1",
		"1.032s a: link-down downstream b/1: refused, lost 1",
	)
}

func TestCrashOfTheSender(t *testing.T) {
	w, d, a, b := talk(t, Options{})
	w.At(20*hop, func() {
		say(a, b.ID(), 1, 1, "x")
	})
	w.Schedule(Fault{At: 20 * hop, Kind: Crash, Nodes: []string{"a"}})
	mustRun(t, w, 100*hop)
	expect(t, d,
		"20ms a sent 1 to b/1",
		"20ms fault 20ms crash a",
		"20ms a ended",
		`21ms b: data from a/1 #1 "x"`,
		"21ms b: link-down upstream a/1: reset, lost 0",
		"21ms b: broken-source upstream a/1: reset, lost 0",
	)
}

func TestStopIsGraceful(t *testing.T) {
	w, d, a, b := talk(t, Options{})
	say(a, b.ID(), 1, 1, "x")
	w.Schedule(Fault{At: 20 * hop, Kind: Stop, Nodes: []string{"a"}}, Fault{At: 30 * hop, Kind: Stop, Nodes: []string{"b"}})
	mustRun(t, w, 100*hop)
	expect(t, d,
		"10ms a sent 1 to b/1",
		`11ms b: data from a/1 #1 "x"`,
		"20ms fault 20ms stop a",
		"20ms a: stopping",
		"20ms a ended",
		"21ms b: link-down upstream a/1: closed, lost 0",
		"30ms fault 30ms stop b",
		"30ms b: stopping",
		"30ms b ended",
	)
}

func TestRestartHasAFreshAlgorithm(t *testing.T) {
	w, d, a, b := talk(t, Options{Core: core.Config{RedialMin: 5 * hop}})
	old, numbers := b.Algorithm(), b.Core().Rand().Uint64()
	w.Schedule(Fault{At: 20 * hop, Kind: Restart, Nodes: []string{"b"}})
	w.At(30*hop, func() { say(a, b.ID(), 1, 1, "x") })
	mustRun(t, w, 100*hop)
	expect(t, d,
		"20ms fault 20ms restart b",
		"20ms b ended",
		"20ms b: started",
		"20ms b: world-up",
		"21ms a: link-down downstream b/1: reset, lost 0",
		"31ms b: link-up upstream a/1: none, lost 0",
		"32ms a: link-up downstream b/1: none, lost 0",
		"32ms a sent 1 to b/1",
		`33ms b: data from a/1 #1 "x"`,
	)
	if b.Algorithm() == old || b.Lives() != 2 || b.Core().Rand().Uint64() == numbers {
		t.Error("the second life is the first again")
	}
}

func TestCutIsSilentAndHeals(t *testing.T) {
	for _, kind := range []FaultKind{Cut, CutOneWay, Partition} {
		t.Run(kind.String(), func(t *testing.T) {
			w, d, a, b := talk(t, Options{})
			f := Fault{At: 20 * hop, Kind: kind, Nodes: []string{"a", "b"}}
			if kind == Partition {
				f.Nodes, f.Groups = nil, [][]string{{"b"}}
			}
			w.At(20*hop, func() { say(a, b.ID(), 1, 1, "x") }) // is under way when the link is cut
			w.Schedule(f, Fault{At: 5 * time.Second, Kind: Heal})
			w.At(time.Second, func() { say(a, b.ID(), 1, 2, "y") })
			mustRun(t, w, 20*time.Second)
			expect(t, d,
				"20ms a sent 1 to b/1",
				"20ms fault "+f.String(),
				"1s a sent 1 to b/1",
				"2s a: link-stalled downstream b/1: none, lost 0",
				"5s fault 5s heal",
				`5.001s b: data from a/1 #1 "x"`,
				`5.001s b: data from a/1 #2 "y"`,
				"5.25s a: link-recovered downstream b/1: none, lost 0",
			)
		})
	}
}

func TestCutForTooLong(t *testing.T) {
	for _, c := range []struct {
		from, to string
		came     bool
	}{{"a", "b", false}, {"b", "a", true}} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			w, d, a, b := talk(t, Options{Core: core.Config{FailTimeout: 3 * time.Second}, DialTimeout: 4 * time.Second})
			f := Fault{At: 20 * hop, Kind: CutOneWay, Nodes: []string{c.from, c.to}}
			w.Schedule(f, Fault{At: 20 * time.Second, Kind: Heal, Nodes: []string{"b", "a"}})
			w.At(time.Second, func() { say(a, b.ID(), 1, 1, "x") })
			w.At(4500*time.Millisecond, func() { say(a, b.ID(), 1, 2, "y") })
			w.At(10*time.Second, func() { say(a, b.ID(), 1, 3, "z") })
			w.At(21*time.Second, func() { say(a, b.ID(), 1, 4, "w") })
			mustRun(t, w, 30*time.Second)
			want := []string{
				"20ms fault " + f.String(),
				"1s a sent 1 to b/1",
				`1.001s b: data from a/1 #1 "x"`,
				"2.25s a: link-stalled downstream b/1: none, lost 0",
				"4s a: link-down downstream b/1: timeout, lost 2", // by their mean length, since the peer cannot say
				"4.001s b: link-down upstream a/1: reset, lost 0", // the last word gets through if the way forth is free
				"4.001s b: broken-source upstream a/1: reset, lost 0",
				"8.5s a: link-down downstream b/1: refused, lost 1",
				"14s a: link-down downstream b/1: refused, lost 1",
				"20s fault 20s heal b a",
				"21.001s b: link-up upstream a/1: none, lost 0",
				"21.002s a: link-up downstream b/1: none, lost 0",
				"21.002s a sent 1 to b/1",
				`21.003s b: data from a/1 #4 "w"`,
			}
			lost := uint64(0)
			if !c.came {
				want, lost = slices.Delete(want, 2, 3), 1
				want = slices.Delete(want, 4, 6) // b knows of nothing until a opens the lane again
				want = slices.Insert(want, 7, "21.001s b: link-down upstream a/1: replaced, lost 0")
			}
			expect(t, d, want...)
			if got := w.Link(a.ID(), b.ID()).LostMsgs; got != lost {
				t.Errorf("%d messages lost under way, want %d", got, lost)
			}
		})
	}
}

// A dial into a cut waits, and goes on when the cut is healed in time.
func TestDialWaitsForHeal(t *testing.T) {
	w, d := watched(t, Options{Hop: hop})
	a, b := w.AddNode("a", does(nil)), w.AddNode("b", does(nil))
	w.Schedule(Fault{Kind: CutOneWay, Nodes: []string{"b", "a"}}, Fault{At: time.Second, Kind: Heal})
	mustRun(t, w, 0)
	d.take()
	say(a, b.ID(), 1, 1, "x")
	mustRun(t, w, time.Minute)
	expect(t, d,
		"1s fault 1s heal",
		"1.001s b: link-up upstream a/1: none, lost 0",
		"1.002s a: link-up downstream b/1: none, lost 0",
		"1.002s a sent 1 to b/1",
		`1.003s b: data from a/1 #1 "x"`,
	)
}

// A node that dies behind a cut is found out by whoever sends to it and gets no
// answer, or, when the cut is healed, by the answer that its host gives.
func TestDeathBehindACut(t *testing.T) {
	for _, healed := range []bool{false, true} {
		w, d, _, _ := talk(t, Options{})
		w.Schedule(Fault{At: time.Second, Kind: Cut, Nodes: []string{"a", "b"}}, Fault{At: 2 * time.Second, Kind: Crash, Nodes: []string{"b"}})
		w.At(1500*time.Millisecond, func() { say(w.Node("a"), w.ID("b"), 1, 1, "x") })
		want := "11.5s a: link-down downstream b/1: timeout, lost 2"
		if healed {
			w.Schedule(Fault{At: 3 * time.Second, Kind: Heal})
			want = "3.001s a: link-down downstream b/1: reset, lost 1"
		}
		mustRun(t, w, time.Minute)
		if !slices.Contains(d.lines, want) {
			t.Errorf("healed %v: %q, want %q in it", healed, d.lines, want)
		}
	}
}

// The window bounds what is under way behind a cut of the way back.
func TestWindowFillsWithoutAcknowledgements(t *testing.T) {
	w, _, a, b := talk(t, Options{WindowMsgs: 4})
	got := uint64(0)
	b.Core().Algorithm().(*algo).do = func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeData {
			got++
		}
		return core.Done
	}
	w.Schedule(Fault{At: 20 * hop, Kind: CutOneWay, Nodes: []string{"b", "a"}}, Fault{At: time.Second, Kind: Heal, Nodes: []string{"a", "b"}})
	for i := range 10 {
		w.At(time.Duration(30+i)*hop, func() { say(a, b.ID(), 1, uint64(i+1), "x") })
	}
	mustRun(t, w, 500*hop)
	if got != 4 {
		t.Errorf("%d messages came without an acknowledgement, want a window of 4", got)
	}
	mustRun(t, w, time.Second)
	if got != 10 {
		t.Errorf("%d messages came after the heal, want 10", got)
	}
}

func TestSlowNode(t *testing.T) {
	w, d := watched(t, Options{Hop: hop})
	a, b, c := w.AddNode("a", does(nil)), w.AddNode("b", does(nil)), w.AddNode("c", does(nil))
	for i := range 3 {
		say(a, c.ID(), 1, uint64(i), "a")
		say(b, c.ID(), 1, uint64(i), "b")
	}
	w.Schedule(Fault{Kind: Slow, Nodes: []string{"c"}, Cost: 10 * hop}, Fault{At: 40 * hop, Kind: Slow, Nodes: []string{"c"}})
	mustRun(t, w, time.Second)
	lines := slices.DeleteFunc(d.take(), func(l string) bool { return !slices.Contains([]byte(l), '#') })
	want := []string{
		`3ms c: data from a/1 #0 "a"`, `13ms c: data from b/1 #0 "b"`, `23ms c: data from a/1 #1 "a"`,
		`33ms c: data from b/1 #1 "b"`, `40ms c: data from a/1 #2 "a"`, `40ms c: data from b/1 #2 "b"`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func TestFaultText(t *testing.T) {
	for _, text := range []string{
		"5s crash b", "8s restart b c", "1.5s stop a", "2s cut a b", "2s cut-one-way a b", "3s partition a,b c,d",
		"9s heal", "9s heal a b", "1s slow c 2ms", "0s slow a b 0s",
	} {
		f, err := ParseFault(text)
		if err != nil {
			t.Error(err)
		} else if f.String() != text {
			t.Errorf("%q is written %q", text, f)
		}
	}
	for _, text := range []string{
		"", "5s", "crash b", "5 crash b", "5s crash", "5s explode b", "2s cut a", "2s cut a a", "2s cut a b c", "9s heal a",
		"3s partition", "3s partition a,a", "3s partition a b,a", "3s partition ,a", "1s slow c", "1s slow 2ms", "1s slow c -2ms",
		"-5s crash b", "1s slow", "2s unknown a",
	} {
		if f, err := ParseFault(text); !errors.Is(err, ErrFault) {
			t.Errorf("%q is %v, %v", text, f, err)
		}
	}
}

// What is read as a fault is written so that it is read as the same one.
func FuzzParseFault(f *testing.F) {
	for _, text := range []string{"5s crash b", "3s partition a,b c,d", "9s heal", "1s slow c 2ms", "2s cut-one-way a b", "-1ns cut"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			if !errors.Is(err, ErrFault) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseFault(fault.String())
		if err != nil || again.String() != fault.String() {
			t.Errorf("%q is %v, and then %v, %v", text, fault, again, err)
		}
	})
}
