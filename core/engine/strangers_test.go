package engine

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// flood has strangers begin messages of a mebibyte and never finish them: each has sent
// seven eighths of one when it returns, or is not read any more.
func flood(t *testing.T, to *Node, first, count int) (all []*peer) {
	t.Helper()
	for i := range count {
		p := greet(t, to, stranger(first+i), 7)
		all = append(all, p)
		go func() { _, _ = p.Write(p.data(7, 0, 1<<20)[:7<<17]) }() // it ends when the peer is closed
	}
	return all
}

// Strangers with unfinished messages have a share of the budget among themselves. A session
// that is under way finds memory always, and they lose it when they are silent.
func TestUnfinishedMessagesStarveNobody(t *testing.T) {
	const budget = 64 << 20
	e := newEngine(t, Options{Loops: 1, Pool: bufpool.Options{Budget: budget}})
	sink := &gauge{}
	end := e.add(t, relay.New(sink), NodeOptions{})
	first := e.add(t, relay.New(nil, end.ID()), NodeOptions{})
	src := send(t, first, apps.Stream{App: 1, Payload: 300_000})
	eventually(t, "the session flows", func() bool { return sink.n.Load() > 10 })
	all := flood(t, end, 1, 150)
	defer func() {
		for _, p := range all {
			_ = p.Close()
		}
	}()
	eventually(t, "strangers wait for memory, and then lose it", func() bool {
		return e.log.count("memory is short, and nothing more came of a message") > 8
	})
	if n := e.Pool().Stats().Refusals; n != 0 {
		t.Errorf("the pool refused %d slabs: the session was in want of memory", n)
	}
	do(t, end, func(*core.Node) {
		lp := end.loop
		// Small beginnings are always let in; the last large one goes over, and so does the eldest of those that wait.
		share, one := lp.strangersShare(), int64(2<<20)
		if most := share + 2*one + int64(len(all))*2*smallMessage; lp.strangers.owed > most {
			t.Errorf("strangers hold %d bytes, and may hold %d: their share is %d", lp.strangers.owed, most, share)
		}
	})
	do(t, first, func(c *core.Node) { c.StopSource(1) })
	sent := sentBy(t, first, src)
	eventually(t, "all of the session arrives", func() bool { return sink.n.Load() == sent })
	verify(t, end, sink, first.ID(), 1, sent)
	if s := stats(t, first).Lost; s != (core.LossStats{}) {
		t.Errorf("the session lost %+v", s)
	}
}

// Newcomers whose first message is large all get it through, though there are more of them
// than there is memory for: none is silent, so none is dropped.
func TestNewcomersFinishInTurn(t *testing.T) {
	const count = 60
	e := newEngine(t, Options{Loops: 1, Pool: bufpool.Options{Budget: 24 << 20}})
	sink := &gauge{}
	end := e.add(t, relay.New(sink), NodeOptions{})
	for i := range count {
		p := greet(t, end, stranger(i+1), 7)
		go func() { _, _ = p.Write(p.data(7, 0, 1<<20)) }()
	}
	eventually(t, "all first messages arrive", func() bool { return sink.n.Load() == count })
	if got := stats(t, end).Lost; got != (core.LossStats{}) {
		t.Errorf("lost %+v", got)
	}
}

// After a flood its memory goes back to the system.
func TestMemoryIsGivenBack(t *testing.T) {
	if bufpool.Tracing || os.Getenv("GOGC") == "off" {
		t.Skip("slabs that are traced, or never collected, stay")
	}
	before := resident(t)
	if before == 0 {
		t.Skip("this system does not tell what is resident")
	}
	e := newEngine(t, Options{Loops: 1})
	end := e.add(t, relay.New(&gauge{}), NodeOptions{})
	all := flood(t, end, 1, 220)
	eventually(t, "the flood takes memory", func() bool { return e.Pool().Stats().InUse > 128<<20 })
	high := resident(t)
	for _, p := range all {
		_ = p.Conn.(*net.TCPConn).SetLinger(0)
		_ = p.Close()
	}
	eventually(t, "the flood's memory is given back", func() bool { return resident(t) < before+(high-before)/4 })
}

// resident is the process's resident memory in bytes; 0 if the system does not tell.
func resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
