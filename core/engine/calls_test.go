package engine

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// What is counted is what a chain must do: each link carries a hello and every message, and nothing else.
func TestCallsAgreeWithAChain(t *testing.T) {
	const nodes, links, msgs, frame = 5, 4, 700, wire.HeaderSize + 40
	inWorlds(t, func(t *testing.T, w world) {
		e, sink := newEngine(t, w.options()), &gauge{}
		row := e.row(t, nodes, sink)
		say(t, row[0], row[1].ID(), msgs)
		eventually(t, "the chain delivers", func() bool { return sink.n.Load() == msgs })
		c, err := e.Calls()
		if err != nil {
			t.Fatal(err)
		}
		if c.Polls > c.Events {
			t.Errorf("%d polls told apart by %d events", c.Polls, c.Events)
		}
		if w.links != TCP {
			if c.Reads+c.EmptyReads+c.Writes+c.Writevs+c.FullWrites+c.ReadBytes+c.WriteBytes != 0 {
				t.Errorf("links in memory made system calls for data: %+v", c)
			}
			return
		}
		if c.Polls == 0 {
			t.Error("links over TCP came about without a poll")
		}
		carried := uint64(links * (msgs*frame + len(wire.Hello{From: row[0].ID(), App: 1}.AppendTo(nil))))
		if c.WriteBytes != carried || c.ReadBytes != carried {
			t.Errorf("%d bytes written, %d read; the links carried %d", c.WriteBytes, c.ReadBytes, carried)
		}
		// A hello is a write of its own, and then there is at least one of messages; no call carries less than a message.
		if n := c.Writes + c.Writevs; n < 2*links || n > links*(msgs+1) {
			t.Errorf("%d writes of %d messages over %d links", n, msgs, links)
		}
		if c.Reads < links || c.Reads > carried {
			t.Errorf("%d reads of %d messages over %d links", c.Reads, msgs, links)
		}
		// A listener, and each end of a link, is watched; a sending end also stops being told that there is room.
		if c.Watches < nodes+3*links {
			t.Errorf("the poller was told only %d times what to watch", c.Watches)
		}
		more, err := e.Calls()
		if err != nil {
			t.Fatal(err)
		}
		if d := more.Minus(c); d.WriteBytes+d.ReadBytes+d.Reads+d.Writes+d.Writevs != 0 {
			t.Errorf("a chain at rest did %+v", d)
		}
	})
}

func TestCallsOfAStoppedEngine(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	e.Close()
	if c, err := e.Calls(); !errors.Is(err, ErrClosed) || c != (Calls{}) {
		t.Errorf("%+v, %v; want nothing and ErrClosed", c, err)
	}
}

// Each call is counted once, by what came of it.
func TestCallsByOutcome(t *testing.T) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range ends {
		if err := unix.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
	var lp loop
	buf := make([]byte, 1<<16)
	want := Calls{EmptyReads: 1}
	if _, e := lp.read(ends[1], buf); e != unix.EAGAIN {
		t.Fatalf("reading nothing: %v", e)
	}
	for e := unix.Errno(0); e == 0; {
		var n int
		if want.Writes > want.Writevs {
			if n, e = lp.writev(ends[0], [][]byte{buf[:100], buf[:5000]}); e == 0 {
				want.Writevs++
			}
		} else if n, e = lp.write(ends[0], buf); e == 0 {
			want.Writes++
		}
		if e == 0 {
			want.WriteBytes += uint64(n)
		}
	}
	want.FullWrites = 1
	for want.ReadBytes < want.WriteBytes {
		n, e := lp.read(ends[1], buf)
		if e != 0 {
			t.Fatal(e)
		}
		want.Reads++
		want.ReadBytes += uint64(n)
	}
	if lp.calls.Calls != want {
		t.Errorf("counted %+v\nwant    %+v", lp.calls.Calls, want)
	}
	var sum Calls
	sum.add(want)
	sum.add(want)
	if sum.Minus(want) != want || sum == want {
		t.Errorf("twice %+v is %+v", want, sum)
	}
}

// Polls are never overcounted, and not undercounted where a descriptor is in each.
func TestPollsAreToldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		always := rapid.Bool().Draw(t, "one descriptor in each")
		rounds := rapid.SliceOfN(rapid.SliceOfDistinct(rapid.IntRange(1, 6), rapid.ID), 1, 30).Draw(t, "polls")
		var c callCount
		var polls, events uint64
		for _, fds := range rounds {
			if always {
				at := rapid.IntRange(0, len(fds)).Draw(t, "place")
				fds = append(append(append([]int(nil), fds[:at]...), 0), fds[at:]...)
			}
			if len(fds) > 0 {
				polls++
			}
			for _, fd := range fds {
				events++
				c.event(fd)
			}
		}
		if c.Events != events || c.Polls > polls || always && c.Polls != polls || polls > 0 && c.Polls == 0 {
			t.Fatalf("%d polls and %d events counted, of %d and %d", c.Polls, c.Events, polls, events)
		}
	})
}
