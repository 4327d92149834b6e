package engine

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Peers that break the protocol lose their connection and nothing else happens.

// A bystander is a stream through a node that misbehaving peers must not harm.
type bystander struct {
	t      testing.TB
	node   *Node // the victim
	probe  *probe
	sink   *gauge
	source *Node
}

// newBystander starts a node and a stream to it from another. What strangers send
// goes to strays.
func newBystander(t testing.TB, e *testEngine, strays core.Sink) *bystander {
	t.Helper()
	b := &bystander{t: t, sink: &gauge{}}
	if strays == nil {
		strays = &gauge{}
	}
	b.probe = newProbe(sinkFunc(func(n *core.Node, m *core.Msg) {
		if b.source != nil && m.Sender() == b.source.ID() {
			b.sink.Consume(n, m)
		} else {
			strays.Consume(n, m)
		}
	}))
	b.node = e.add(t, b.probe, NodeOptions{})
	source := e.add(t, relay.New(nil, b.node.ID()), NodeOptions{})
	do(t, b.node, func(*core.Node) { b.source = source })
	send(t, source, apps.Stream{App: 99, Payload: 500})
	b.goesOn()
	return b
}

// goesOn waits until the stream has brought more.
func (b *bystander) goesOn() {
	b.t.Helper()
	before := b.sink.n.Load()
	eventually(b.t, "the bystander's stream goes on", func() bool { return b.sink.n.Load() > before+100 })
}

// finish ends the stream and checks all of it.
func (b *bystander) finish() {
	b.t.Helper()
	b.goesOn()
	var sent uint64
	if err := b.source.Stop(b.t.Context()); err != nil {
		b.t.Error(err)
	}
	books := stats(b.t, b.source)
	for _, l := range books.Downstream {
		sent += l.SentMsgs
	}
	sent -= books.Own.Sent // the news that the session has ended
	eventually(b.t, "the bystander's last message", func() bool { return b.sink.n.Load() == sent })
	verify(b.t, b.node, b.sink, b.source.ID(), 99, sent)
	if b.node.Crash() != nil {
		b.t.Error("the node crashed")
	}
}

type sinkFunc func(n *core.Node, m *core.Msg)

func (f sinkFunc) Consume(n *core.Node, m *core.Msg) { f(n, m) }

// cat joins pieces of bytes.
func cat(pieces ...[]byte) []byte { return slices.Concat(pieces...) }

// with overwrites a big-endian field of a copy of b.
func with(b []byte, at, size int, v uint64) []byte {
	b = slices.Clone(b)
	var word [8]byte
	binary.BigEndian.PutUint64(word[:], v)
	copy(b[at:at+size], word[8-size:])
	return b
}

func TestMisbehavingPeers(t *testing.T) {
	from := stranger(1)
	hello := wire.Hello{From: from, App: 1}.AppendTo(nil)
	data := func(app uint32, size int) []byte {
		return frame(wire.Header{Type: wire.TypeData, Sender: from, App: app, Size: size})
	}
	random := make([]byte, 5000)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	const magic, version, flags, authLen = wire.HeaderSize, wire.HeaderSize + 4, wire.HeaderSize + 6, wire.HeaderSize + 12
	for _, c := range []struct {
		name string
		say  []byte
		log  string // the reason that is logged; empty if the peer must close
	}{
		{"garbage first", random, "before its hello"},
		{"garbage after the hello", cat(hello, random), "lane ended"},
		{"an HTTP request", []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), "before its hello"},
		{"data before the hello", data(1, 10), "not a hello"},
		{"wrong magic", with(hello, magic, 4, 0xdeadbeef), "magic"},
		{"a later version", with(hello, version, 2, 2), "version"},
		{"unknown flags", with(hello, flags, 2, 0x8000), "flags"},
		{"a shared lane where they are separate", wire.Hello{From: from, App: wire.SharedApp, Flags: wire.HelloShared}.AppendTo(nil), "set both alike"},
		{"a hello of no node", with(hello, 6, 2, 0), "hello"},
		{"a hello with a false length", with(hello, authLen, 2, 5), "hello"},
		{"a hello of 1 GB", with(hello, 0, 4, 1<<30), "hello"},
		{"a hello of 4 GB", with(hello, 0, 4, 1<<32-1), "hello"},
		{"a hello twice", cat(hello, hello), "hello after the first frame"},
		{"a bye that counts what did not come", cat(hello, data(1, 10), wire.Bye{App: 1, Msgs: 2, Bytes: 68}.AppendTo(nil)),
			"2 messages of 68 bytes sent, 1 of 34 received"},
		{"oversized data", cat(hello, with(data(1, 10), 0, 4, 1<<20+1)), "too big"},
		{"data of 4 GB", cat(hello, with(data(1, 10), 0, 4, 1<<32-1)), "too big"},
		{"oversized data behind good data", cat(hello, data(1, 10), with(data(1, 10), 0, 4, 1<<21)), "too big"},
		{"another lane's data", cat(hello, data(2, 10)), "another application"},
		{"control on a data lane", cat(hello, frame(wire.Header{Type: wire.TypeJoin, Sender: from})), "another application"},
		{"data on the control lane", cat(wire.Hello{From: from}.AppendTo(nil), data(1, 10)), "another application"},
		{"a local type", cat(hello, frame(wire.Header{Type: wire.TypeLinkDown, Sender: from, App: 1})), "never crosses a link"},
		{"an unknown local type", cat(hello, frame(wire.Header{Type: 255, Sender: from, App: 1})), "never crosses a link"},
		{"type 0", cat(hello, with(data(1, 10), 4, 2, 0)), "type 0"},
		{"an IPv6 sender without its address", cat(hello, with(data(1, 10), 4, 2, 0x8000|uint64(wire.TypeData))), "IPv6"},
		{"a broken header at the end of a read", cat(hello, data(1, 10), with(data(1, 10), 0, 4, 1<<30)[:wire.HeaderSize]), "too big"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, Options{Loops: 1})
			b := newBystander(t, e, nil)
			for range 2 { // at once, and byte by byte
				p := connect(t, b.node)
				p.say(c.say)
				p.closed(c.name)
			}
			p := connect(t, b.node)
			for i := range c.say { // the node may close before the end
				if _, err := p.Write(c.say[i : i+1]); err != nil {
					break
				}
				if i < 100 {
					do(t, b.node, func(*core.Node) {}) // the loop has had a turn
				}
			}
			p.closed(c.name + ", byte by byte")
			if e.log.count(c.log) < 3 {
				t.Errorf("the log does not give the reason %q:\n%s", c.log, e.log.tail(10))
			}
			b.finish()
		})
	}
}

// Peers that vanish in the middle of something.
func TestPeersThatVanish(t *testing.T) {
	hello := wire.Hello{From: stranger(1), App: 1}.AppendTo(nil)
	whole := frame(wire.Header{Type: wire.TypeData, Sender: stranger(1), App: 1, Size: 1000})
	for _, c := range []struct {
		name   string
		say    []byte
		lane   bool   // the hello is complete
		got    uint64 // whole messages
		reason core.Reason
	}{
		{"at once", nil, false, 0, 0},
		{"in the hello", hello[:10], false, 0, 0},
		{"after the hello", hello, true, 0, core.ReasonReset},
		{"after the bye", cat(hello, wire.Bye{App: 1}.AppendTo(nil)), true, 0, core.ReasonClosed},
		{"in a header", cat(hello, whole, whole[:5]), true, 1, core.ReasonReset},
		{"after a header", cat(hello, whole[:wire.HeaderSize]), true, 0, core.ReasonReset},
		{"in a payload", cat(hello, whole, whole, whole[:500]), true, 2, core.ReasonReset},
		{"between messages", cat(hello, whole, whole), true, 2, core.ReasonReset},
	} {
		for _, how := range []string{"FIN", "RST"} {
			t.Run(c.name+" with "+how, func(t *testing.T) {
				e, strays := newEngine(t, Options{Loops: 1}), &gauge{}
				b := newBystander(t, e, strays)
				p := connect(t, b.node)
				p.say(c.say)
				// A reset may overtake what was sent, so it waits for that.
				eventually(t, "whole messages arrive", func() bool { return strays.n.Load() == c.got })
				if how == "FIN" {
					_ = p.Close()
				} else {
					if c.lane {
						b.probe.await(t, "the lane", func(e linkEvent) bool { return e.typ == wire.TypeLinkUp && e.Peer == stranger(1) })
					}
					p.abort()
					if c.reason != core.ReasonClosed { // which comes before the reset
						c.reason = core.ReasonReset
					}
				}
				if c.lane {
					b.probe.await(t, "the end of the lane", func(e linkEvent) bool {
						return down(core.Upstream, c.reason)(e) && e.Peer == stranger(1) && e.App == 1
					})
				}
				eventually(t, "nothing waits", func() bool { return waiting(t, b.node) == 0 })
				b.finish()
				if strays.n.Load() != c.got {
					t.Errorf("%d messages of the peer's; want %d", strays.n.Load(), c.got)
				}
			})
		}
	}
}

// A peer so slow that each byte comes in a read of its own is served like any.
func TestSlowPeer(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	got := make(chan uint64, 10)
	b := newBystander(t, e, sinkFunc(func(_ *core.Node, m *core.Msg) {
		if m.Sender() == stranger(1) && len(m.Payload()) == 700 {
			got <- m.Seq()
		}
	}))
	p := connect(t, b.node)
	p.id = stranger(1)
	bytes := cat(wire.Hello{From: p.id, App: 1}.AppendTo(nil), p.data(1, 1, 700), p.data(1, 2, 700))
	var in *tcpIn
	eventually(t, "the connection", func() bool {
		var err error
		in, err = b.find(p)
		if err != nil {
			t.Fatal(err)
		}
		return in != nil
	})
	for i := range bytes {
		p.say(bytes[i : i+1])
		if i%7 == 0 { // wait for this one; the next few come as they come
			b.taken(p, in)
		}
	}
	for want := range uint64(2) {
		if seq := receive(t, "the slow peer's message", got); seq != want+1 {
			t.Errorf("message %d; want %d", seq, want+1)
		}
	}
	b.finish()
}

// find is the node's end of a peer's connection, nil before it is accepted.
func (b *bystander) find(p *peer) (in *tcpIn, err error) {
	err = b.node.loop.do(func() {
		for _, h := range b.node.loop.fds {
			if c, ok := h.(*tcpIn); ok && otherEnd(c.fd) == p.LocalAddr().String() {
				in = c
			}
		}
	})
	return in, err
}

// taken waits until the node has read all that the peer has said.
func (b *bystander) taken(p *peer, in *tcpIn) {
	b.t.Helper()
	eventually(b.t, "the node reads", func() bool {
		waits := true
		do(b.t, b.node, func(*core.Node) { waits = unread(in.fd) })
		return !waits
	})
}

// Many thousand connections that say nothing cost little, hurt nobody, and are
// closed in the end.
func TestSilentConnections(t *testing.T) {
	const silent, lingering = 4000, 1000 // 2 descriptors each: both ends are here
	e := newEngine(t, Options{Loops: 1, HelloTimeout: time.Hour})
	b := newBystander(t, e, nil)
	idle := e.Pool().Stats().InUse
	hello := wire.Hello{From: stranger(1), App: 1}.AppendTo(nil)
	dialer := net.Dialer{}
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for i := range silent + lingering {
		c, err := dialer.DialContext(t.Context(), "tcp", b.node.ID().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		if i >= silent { // these begin to say something
			if _, err := c.Write(hello[:len(hello)-1]); err != nil {
				t.Fatal(err)
			}
		}
		if i%500 == 0 {
			b.goesOn()
		}
	}
	// 512 bytes for what the lingering ones have said, and some slabs under way.
	const most = lingering*bufpool.MinBlock + 8<<20
	if got := e.Pool().Stats().Peak; got > idle+most {
		t.Errorf("%d connections that say nothing took %d bytes of slabs; want at most %d", silent+lingering, got-idle, most)
	}
	eventually(t, "all are accepted", func() bool { return waiting(t, b.node) == silent+lingering })
	b.goesOn()
	do(t, b.node, func(*core.Node) { // an hour later
		strict := &b.node.loop.strict
		strict.lapse()
		strict.check()
	})
	for i, c := range conns {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Fatalf("silent connection %d was not closed: %v", i, err)
		}
	}
	eventually(t, "nothing waits", func() bool { return waiting(t, b.node) == 0 })
	b.finish()
}

// A deadline further away does not hide a nearer one.
func TestHelloTimeoutBesideADial(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, HelloTimeout: 20 * time.Millisecond})
	n := e.add(t, relay.New(nil), NodeOptions{})
	// A dial that nobody answers: the backlog of a listener that does not accept
	// is full.
	hole := blackHole(t)
	do(t, n, func(c *core.Node) { c.Send(c.NewMsg(wire.FirstUserType, 0, 0), hole) })
	for i := range 5 {
		connect(t, n).closed(fmt.Sprintf("silent connection %d", i))
	}
}
