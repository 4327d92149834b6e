package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/ring"
)

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Loops: -1}, "Options.Loops"},
		{Options{SocketBytes: -1}, "Options.SocketBytes"},
		{Options{ReadBytes: -1}, "Options.ReadBytes"},
		{Options{ExpectNodes: -1}, "Options.ExpectNodes"},
		{Options{HelloTimeout: -1}, "Options.HelloTimeout"},
		{Options{Links: 7}, "Options.Links"},
	} {
		if e, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v; want one that names %s", c.o, err, c.want)
			if err == nil {
				e.Close()
			}
		}
	}
}

// The system chooses a port; each node gets another.
func TestSystemChoosesPort(t *testing.T) {
	e := newEngine(t, Options{})
	seen := make(map[core.NodeID]bool)
	for _, listen := range []string{"", "127.0.0.1:0", "", ownHost} {
		n, err := e.AddNode(relay.New(nil), NodeOptions{Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		if n.ID().Port() == 0 || seen[n.ID()] {
			t.Errorf("listen on %q: node ID %v; want a port of its own", listen, n.ID())
		}
		seen[n.ID()] = true
		c, err := net.Dial("tcp", n.ID().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
}

func TestListenErrors(t *testing.T) {
	e := newEngine(t, Options{})
	taken := e.add(t, relay.New(nil), NodeOptions{}).ID().String()
	for _, c := range []struct {
		listen string
		want   string
		is     error
	}{
		{taken, taken, unix.EADDRINUSE},
		{"127.0.0.1", "want an IP address and a port", nil},
		{"localhost:7000", "want an IP address and a port", nil},
		{"127.0.0.1:70000", "want an IP address and a port", nil},
		{"0.0.0.0:0", "must be one that others can reach", nil},
		{"[::]:0", "must be one that others can reach", nil},
		{"192.0.2.1:0", "192.0.2.1:0", unix.EADDRNOTAVAIL}, // documentation only, RFC 5737
	} {
		_, err := e.AddNode(relay.New(nil), NodeOptions{Listen: c.listen})
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("listen on %q: error %v; want one with %q that is %v", c.listen, err, c.want, c.is)
		}
	}
	if _, err := e.AddNode(relay.New(nil), NodeOptions{Loop: OnLoop(99)}); err == nil {
		t.Error("a node was placed on a loop that does not exist")
	}
	if got := len(e.Nodes()); got != 1 {
		t.Errorf("%d nodes after failed attempts; want 1", got)
	}
}

func TestMemNames(t *testing.T) {
	e := newEngine(t, Options{Links: Mem})
	a := e.add(t, relay.New(nil), NodeOptions{Listen: "10.0.0.1:7"})
	if a.ID().String() != "10.0.0.1:7" {
		t.Errorf("named %v", a.ID())
	}
	for _, listen := range []string{"10.0.0.1:7", "nonsense", "10.0.0.1:0"} {
		if _, err := e.AddNode(relay.New(nil), NodeOptions{Listen: listen}); err == nil {
			t.Errorf("node name %q was accepted", listen)
		}
	}
	a.Kill()
	e.add(t, relay.New(nil), NodeOptions{Listen: "10.0.0.1:7"}) // free again
	// Names that are made up avoid those that were asked for.
	e.add(t, relay.New(nil), NodeOptions{Listen: "127.0.0.1:7000"})
	e.add(t, relay.New(nil), NodeOptions{})
}

// A node that is made while the engine is full of others is placed where asked.
func TestPlacement(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 2, ExpectNodes: 10})
	for i := range 10 {
		if got, want := e.add(t, relay.New(nil), NodeOptions{}).Loop(), i/5; got != want {
			t.Errorf("node %d of 10 is on loop %d of 2; want %d", i, got, want)
		}
	}
	if got := e.add(t, relay.New(nil), NodeOptions{Loop: OnLoop(1)}).Loop(); got != 1 {
		t.Errorf("on loop %d; want 1", got)
	}
}

func TestIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 loopback here:", err)
	} else {
		_ = l.Close()
	}
	e, sink := newEngine(t, Options{}), &gauge{}
	end := e.add(t, relay.New(sink), NodeOptions{Listen: "[::1]:0"})
	mid := e.add(t, relay.New(nil, end.ID()), NodeOptions{}) // both families in one overlay
	first := e.add(t, relay.New(nil, mid.ID()), NodeOptions{Listen: "[::1]:0"})
	if !first.ID().AddrPort().Addr().Is6() {
		t.Fatalf("node ID %v; want an IPv6 address", first.ID())
	}
	for _, payload := range []int{0, 1000, 300_000} {
		app := uint32(payload + 1)
		before := sink.n.Load()
		send(t, first, apps.Stream{App: app, Payload: payload, Limit: 300})
		eventually(t, "messages from an IPv6 node arrive", func() bool { return sink.n.Load() == before+300 })
		verify(t, end, sink, first.ID(), app, 300)
	}
}

// An IPv4 address in IPv6 dress is the IPv4 node.
func TestMappedAddress(t *testing.T) {
	e := newEngine(t, Options{})
	n, err := e.AddNode(relay.New(nil), NodeOptions{Listen: "[::ffff:127.0.0.1]:0"})
	if err != nil {
		t.Skip("the system does not map IPv4 into IPv6:", err)
	}
	if a := n.ID().AddrPort().Addr(); a != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("node address %v; want 127.0.0.1", a)
	}
}

func TestDoStatsAndEnd(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e, sink := newEngine(t, w.options()), &gauge{}
		nodes := e.row(t, 2, sink)
		send(t, nodes[0], apps.Stream{App: 1, Payload: 10, Limit: 100})
		eventually(t, "the sink gets all", func() bool { return sink.n.Load() == 100 })
		if err := nodes[0].Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := nodes[0].Do(func(*core.Node) { t.Error("ran on a node that has ended") }); !errors.Is(err, ErrClosed) {
			t.Errorf("Do on a node that has ended: %v; want ErrClosed", err)
		}
		if s := stats(t, nodes[0]); s.ID != nodes[0].ID() || len(s.Downstream) != 1 || s.Downstream[0].SentMsgs-s.Own.Sent != 100 {
			t.Errorf("last books of a node that has ended: %+v", s)
		}
		if nodes[0].Crash() != nil || nodes[1].Crash() != nil {
			t.Error("a node that did not crash says it did")
		}
		e.Close()
		if err := nodes[1].Do(func(*core.Node) {}); !errors.Is(err, ErrClosed) {
			t.Errorf("Do after Close: %v; want ErrClosed", err)
		}
		if _, err := nodes[1].Stats(); !errors.Is(err, ErrClosed) {
			t.Errorf("Stats after Close: %v; want ErrClosed", err)
		}
		nodes[1].Kill()
		if err := nodes[1].Stop(t.Context()); err != nil {
			t.Errorf("Stop after Close: %v", err)
		}
		if _, err := e.AddNode(relay.New(nil), NodeOptions{}); !errors.Is(err, ErrClosed) {
			t.Errorf("AddNode after Close: %v; want ErrClosed", err)
		}
	})
}

func TestPost(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	type got struct {
		typ     core.Type
		app     uint32
		seq     uint64
		from    core.NodeID
		payload string
	}
	messages := make(chan got, 10)
	gate := make(chan struct{})
	n := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		switch m.Type() {
		case wire.FirstUserType:
			messages <- got{m.Type(), m.App(), m.Seq(), m.From(), string(m.Payload())}
		case wire.FirstUserType + 1:
			messages <- got{}
			<-gate // a slow algorithm
		}
		return core.Done
	}), NodeOptions{})

	payload := []byte("hello")
	if r := n.Post(wire.FirstUserType, 3, 4, payload); r != ring.OK {
		t.Fatalf("Post: %v", r)
	}
	payload[0] = 'x' // it was copied
	want := got{wire.FirstUserType, 3, 4, core.NodeID{}, "hello"}
	if m := receive(t, "a posted message", messages); m != want && m != (got{want.typ, 3, 4, core.NodeID{}, "xello"}) {
		t.Errorf("got %+v; want %+v", m, want)
	} else if m != want {
		t.Error("Post did not copy the payload")
	}

	// The loop is busy: posts pile up to a bound, and then Post says so.
	if r := n.Post(wire.FirstUserType+1, 0, 0, nil); r != ring.OK {
		t.Fatalf("Post: %v", r)
	}
	receive(t, "the algorithm is in Process", messages)
	posted := 0
	for n.Post(wire.FirstUserType+2, 0, 0, nil) == ring.OK {
		if posted++; posted > 1<<20 {
			t.Fatal("a million posts to a busy loop and none refused")
		}
	}
	if r := n.Post(wire.FirstUserType+2, 0, 0, nil); r != ring.Full {
		t.Errorf("Post to a busy loop: %v; want full", r)
	}
	close(gate)
	eventually(t, "there is room again", func() bool { return n.Post(wire.FirstUserType, 0, 0, nil) == ring.OK })
	receive(t, "a message after the jam", messages)

	n.Kill()
	if r := n.Post(wire.FirstUserType, 0, 0, nil); r != ring.Closed {
		t.Errorf("Post to a node that has ended: %v; want closed", r)
	}
}

// A message that nobody could have sent is the caller's mistake, and must hurt
// nobody else: not the node, not its loop.
func TestPostMisuse(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Core: core.Config{MaxPayload: 100}})
	n := e.add(t, relay.New(nil), NodeOptions{})
	for what, post := range map[string]func(){
		"no type":         func() { n.Post(0, 0, 0, nil) },
		"a local type":    func() { n.Post(wire.TypeTimer, 0, 0, nil) },
		"hello":           func() { n.Post(wire.TypeHello, 0, 0, nil) },
		"the IPv6 bit":    func() { n.Post(wire.MaxType+1, 0, 0, nil) },
		"a large payload": func() { n.Post(wire.TypeData, 1, 0, make([]byte, 101)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Post with %s did not panic", what)
				}
			}()
			post()
		}()
	}
	do(t, n, func(*core.Node) {})
	six := e.add(t, relay.New(nil), NodeOptions{Listen: "[::1]:7"})
	six.Post(wire.TypeData, 1, 0, make([]byte, 84)) // and 16 bytes of address
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Post of a payload that is too large with the sender's address did not panic")
			}
		}()
		six.Post(wire.TypeData, 1, 0, make([]byte, 85))
	}()
	for what, makeIt := range map[string]func(c *core.Node){
		"no type":      func(c *core.Node) { c.NewMsg(0, 1, 1) },
		"the IPv6 bit": func(c *core.Node) { c.NewMsg(wire.MaxType+1, 1, 1) },
	} {
		victim := e.add(t, relay.New(nil), NodeOptions{})
		if err := victim.Do(makeIt); !errors.Is(err, ErrClosed) {
			t.Errorf("NewMsg with %s: %v; want a panic", what, err)
		}
	}
}

// Posts from many goroutines all arrive, in each one's order.
func TestPostConcurrently(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	const posters, each = 8, 2000
	var last [posters]uint64
	sum := make(chan int, posters*each)
	n := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.FirstUserType {
			if who := m.App(); m.Seq() != last[who]+1 {
				t.Errorf("poster %d: %d after %d", who, m.Seq(), last[who])
			} else {
				last[who]++
			}
			sum <- 1
		}
		return core.Done
	}), NodeOptions{})
	var wg sync.WaitGroup
	for who := range uint32(posters) {
		wg.Go(func() {
			for seq := range uint64(each) {
				eventually(t, "room", func() bool { return n.Post(wire.FirstUserType, who, seq+1, nil) == ring.OK })
			}
		})
	}
	wg.Wait()
	for range posters * each {
		receive(t, "a posted message", sum)
	}
}

// What is called after the end of a loop must not touch its descriptors, which
// may be somebody else's by then.
func TestCallsAfterTheEndTouchNoDescriptor(t *testing.T) {
	watchForLeaks(t)
	e, err := New(Options{Links: Mem, Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	n, err := e.AddNode(relay.New(nil), NodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	// Sockets take the descriptors that the engine had.
	var pairs [][2]int
	for range 16 {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, p)
	}
	_ = n.Do(func(*core.Node) {})
	_ = n.Stop(context.Background())
	n.Kill()
	_, _ = n.Stats()
	n.Post(wire.TypeData, 1, 1, nil)
	n.async(func(*core.Node) {})
	n.loop.post(func() {})
	e.Close()
	for _, p := range pairs {
		for _, fd := range p {
			var b [64]byte
			if n, _, _ := unix.Recvfrom(fd, b[:], unix.MSG_DONTWAIT); n > 0 {
				t.Errorf("%d bytes were written to a descriptor that was not the engine's", n)
			}
		}
		_, _ = unix.Close(p[0]), unix.Close(p[1])
	}
}

// Whoever adds nodes while the engine stops gets a node that ends, or ErrClosed.
func TestAddNodeWhileStopping(t *testing.T) {
	for _, links := range []Links{TCP, Mem} {
		for range 30 {
			e := newEngine(t, Options{Links: links, Loops: 2})
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for {
						n, err := e.AddNode(relay.New(nil), NodeOptions{})
						if errors.Is(err, ErrClosed) {
							return
						}
						if err != nil {
							t.Error(err)
							return
						}
						_ = n.Do(func(*core.Node) {})
					}
				})
			}
			wg.Go(func() {
				for _, n := range e.Nodes() {
					_ = n.Do(func(*core.Node) {}) // may not have started yet
					_, _ = n.Stats()
				}
			})
			if err := e.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			wg.Wait()
			for _, n := range e.Nodes() {
				t.Errorf("node %v outlived its engine", n.ID())
			}
		}
	}
}

// Stopping is for anyone, at any time, as often as they like.
func TestStopFromMany(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		nodes := e.row(t, 4, nil)
		send(t, nodes[0], apps.Stream{App: 1, Payload: 1000})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_ = nodes[i%4].Stop(t.Context())
				if i%2 == 0 {
					nodes[i%4].Kill()
				}
				_ = e.Stop(t.Context())
				e.Close()
			})
		}
		wg.Wait()
	})
}

// An engine is no singleton: it can be started again and again, on the same port.
func TestEngineRestart(t *testing.T) {
	listen := ownHost
	for range 5 {
		t.Run("", func(t *testing.T) {
			e, sink := newEngine(t, Options{Loops: 2}), &gauge{}
			end := e.add(t, relay.New(sink), NodeOptions{Listen: listen})
			listen = end.ID().String()
			first := e.add(t, relay.New(nil, end.ID()), NodeOptions{})
			send(t, first, apps.Stream{App: 1, Payload: 5000})
			eventually(t, "messages arrive", func() bool { return sink.n.Load() > 1000 })
			if err := e.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
