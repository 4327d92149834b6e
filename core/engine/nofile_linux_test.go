package engine

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
)

// shortOfDescriptors marks the process in which descriptors run out.
const shortOfDescriptors = "IOVERLAY_TEST_SHORT_OF_DESCRIPTORS"

// inChild runs the test that calls it again in a process of its own, in which
// the limit on descriptors may be lowered. It reports whether this is that one.
func inChild(t *testing.T) bool {
	t.Helper()
	if os.Getenv(shortOfDescriptors) != "" {
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), shortOfDescriptors+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// leave takes descriptors until only some are free, and returns how to give them
// back.
func leave(t *testing.T, free int) (giveBack func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	limit := unix.Rlimit{Cur: uint64(len(descriptors()) + free + 10), Max: old.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	var hoard []int
	for {
		fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			break
		}
		hoard = append(hoard, fd)
	}
	give := func(n int) {
		for _, fd := range hoard[:n] {
			if err := unix.Close(fd); err != nil {
				t.Error(err)
			}
		}
		hoard = hoard[n:]
	}
	give(free)
	return func() {
		give(len(hoard))
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
}

// Out of descriptors, a node goes on with the links it has. It accepts no more,
// says so once, does not spin, and accepts again when there is room.
func TestAcceptWithoutDescriptors(t *testing.T) {
	if !inChild(t) {
		return
	}
	e := newEngine(t, Options{Loops: 1})
	b := newBystander(t, e, nil)
	giveBack := leave(t, 21)
	// Each connection takes two, the second when it is accepted.
	var conns []net.Conn
	spare, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		c, err := net.Dial("tcp", b.node.ID().String())
		if err != nil {
			if !errors.Is(err, unix.EMFILE) {
				t.Fatal(err)
			}
			if spare < 0 {
				break
			}
			// The dial ran out, not the accept: one more can be dialled, and not
			// accepted.
			if err := unix.Close(spare); err != nil {
				t.Fatal(err)
			}
			spare = -1
			continue
		}
		conns = append(conns, c)
	}
	if spare >= 0 { // all could be dialled before any was accepted
		if err := unix.Close(spare); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "descriptors run out", func() bool { return e.log.count("cannot accept for now") > 0 })
	turns := countEvents(t, b.node, func(h handler) bool { _, ok := h.(*listener); return ok })
	for range 20 {
		b.goesOn()
	}
	// A few looks, ten a second, whatever the traffic.
	if n := turns(); n > 300 {
		t.Errorf("the listener was reported %d times while there was no descriptor", n)
	}
	if n := e.log.count("cannot accept"); n != 1 {
		t.Errorf("%d lines in the log about it; want 1:\n%s", n, e.log.tail(10))
	}
	// All wait still, and one place is enough to go on.
	for _, c := range conns {
		_ = c.Close()
	}
	eventually(t, "the listener catches up", func() bool { return e.log.count("accepted all who waited") > 0 })
	eventually(t, "and forgets those who left", func() bool { return waiting(t, b.node) == 0 })
	giveBack()
	p := greet(t, b.node, stranger(1), 1)
	b.probe.await(t, "a lane opens again", func(e linkEvent) bool { return up(core.Upstream)(e) && e.Peer == p.id })
	b.finish()
}

// Out of descriptors, a dial fails with a reason, and a later one works.
func TestDialWithoutDescriptors(t *testing.T) {
	if !inChild(t) {
		return
	}
	e, sink := newEngine(t, redial(Options{Loops: 1})), &gauge{}
	end := e.add(t, relay.New(sink), NodeOptions{})
	source := newProbe(nil, end.ID())
	n := e.add(t, source, NodeOptions{})
	giveBack := leave(t, 0)
	src := send(t, n, apps.Stream{App: 1, Payload: 100})
	for range 5 {
		source.await(t, "no descriptor", down(core.Downstream, core.ReasonNoRoom))
	}
	if _, err := e.AddNode(relay.New(nil), NodeOptions{}); !errors.Is(err, unix.EMFILE) {
		t.Errorf("a node without a descriptor to listen on: %v; want EMFILE", err)
	}
	if _, err := New(Options{}); !errors.Is(err, unix.EMFILE) {
		t.Errorf("an engine without descriptors: %v; want EMFILE", err)
	}
	giveBack()
	source.await(t, "the link", up(core.Downstream))
	eventually(t, "messages arrive", func() bool { return sink.n.Load() > 100 })
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "the last message", func() bool { return received(t, end, n.ID()) })
	if lost := stats(t, n).Lost.OutMsgs; sink.n.Load()+lost != src.Sent() {
		t.Errorf("%d messages sent, %d arrived, %d counted as lost", src.Sent(), sink.n.Load(), lost)
	}
}

// An engine that lacks a descriptor half-way gives back those that it had.
func TestNewWithoutDescriptors(t *testing.T) {
	if !inChild(t) {
		return
	}
	watchForLeaks(t)
	for free := range 12 {
		giveBack := leave(t, free)
		e, err := New(Options{Loops: 3})
		giveBack()
		if err == nil {
			e.Close()
			if free < 3 {
				t.Errorf("3 loops with %d descriptors", free)
			}
		} else if !errors.Is(err, unix.EMFILE) {
			t.Errorf("with %d descriptors: %v; want EMFILE", free, err)
		}
	}
}
