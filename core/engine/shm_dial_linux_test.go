package engine

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// shmHost is a listener of a test's that others meet at a Unix socket, and perhaps at a
// port as well.
type shmHost struct {
	t   testing.TB
	fd  int
	tcp *downstream
}

func hostShm(t testing.TB) *shmHost {
	t.Helper()
	h := &shmHost{t: t, tcp: serve(t, ownHost)}
	fd, err := shmSocket()
	if err != nil {
		t.Fatal(err)
	}
	h.fd = fd
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: shmName(h.tcp.id())}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 8); err != nil {
		t.Fatal(err)
	}
	return h
}

// accept waits for a dialler.
func (h *shmHost) accept() *shmPeer {
	h.t.Helper()
	var fd int
	eventually(h.t, "a dialler comes", func() (ok bool) {
		var err error
		fd, _, err = acceptCloexec(h.fd)
		return err == nil
	})
	p := &shmPeer{t: h.t, fd: fd, memfd: -1}
	h.t.Cleanup(p.close)
	return p
}

// accepts takes a dialler's offer, and says yes.
func (h *shmHost) accepts() (*shmPeer, *ringReader) {
	h.t.Helper()
	p := h.accept()
	eventually(h.t, "the offer comes", func() bool {
		mem, err := takeOffer(p.fd)
		p.mem = mem
		return err == nil
	})
	p.words = wordsOf(p.mem)
	p.answer([]byte{shmYes})
	return p, &ringReader{words: p.words, bytes: bytesOf(p.mem)}
}

func (p *shmPeer) answer(b []byte) {
	p.t.Helper()
	if _, err := unix.Write(p.fd, b); err != nil {
		p.t.Fatal(err)
	}
}

// A destination that does not accept the offer is dialled by TCP, whatever it does
// instead, and nothing is lost.
func TestShmFallsBack(t *testing.T) {
	for name, act := range map[string]func(p *shmPeer){
		"closes":            func(p *shmPeer) { p.close() },
		"closes, unread":    func(p *shmPeer) { p.packet(); p.close() },
		"says a kick":       func(p *shmPeer) { p.answer([]byte{shmKick}) },
		"says much":         func(p *shmPeer) { p.answer(make([]byte, 500)) },
		"is silent":         func(*shmPeer) {},
		"closes its half":   func(p *shmPeer) { _ = unix.Shutdown(p.fd, unix.SHUT_WR) },
		"writes into it":    func(p *shmPeer) { p.takes(func(w *ringWords) { w.head.Store(5) }) },
		"says an empty one": func(p *shmPeer) { p.answer(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			e, h := newEngine(t, Options{Loops: 1, Links: Shm}), hostShm(t)
			end := newProbe(nil, h.tcp.id())
			from := e.add(t, end, NodeOptions{})
			send(t, from, apps.Stream{App: 1, Payload: 10, Limit: 3})
			act(h.accept())
			c, hello := h.tcp.accept()
			if hello.From != from.ID() || hello.App != 1 {
				t.Errorf("hello %+v", hello)
			}
			for i := range 3 {
				if b := c.frame(); len(b) != wire.HeaderSize+10 {
					t.Errorf("frame %d has %d bytes", i, len(b))
				}
			}
			if s := stats(t, from); s.Lost.OutMsgs != 0 {
				t.Errorf("lost: %+v", s.Lost)
			}
		})
	}
}

// takes maps the memory of an offer, changes its words and says yes.
func (p *shmPeer) takes(change func(*ringWords)) {
	eventually(p.t, "the offer comes", func() bool {
		mem, err := takeOffer(p.fd)
		p.mem = mem
		return err == nil
	})
	change(wordsOf(p.mem))
	p.answer([]byte{shmYes})
}

// A downstream that never reads stops its own lane, which holds no more than its buffers;
// another goes on. What it did not take is told when it goes.
func TestShmReaderThatNeverReads(t *testing.T) {
	e, h, sink := newEngine(t, Options{Loops: 1, Links: Shm}), hostShm(t), &gauge{}
	good := e.add(t, relay.New(sink), NodeOptions{})
	alg := byApp(map[uint32]core.NodeID{1: h.tcp.id(), 2: good.ID()})
	from := e.add(t, alg, NodeOptions{})
	send(t, from, apps.Stream{App: 1, Payload: 5120})
	send(t, from, apps.Stream{App: 2, Payload: 5120})
	p, r := h.accepts()
	ring := uint64(e.opt.ringBytes())
	lane := func() (l core.LaneOut) {
		for _, l := range stats(t, from).Downstream {
			if l.To == h.tcp.id() {
				return l
			}
		}
		return core.LaneOut{}
	}
	eventually(t, "its ring is full", func() bool { n, err := r.look(); return err == nil && uint64(n) == ring })
	before := sink.n.Load()
	eventually(t, "the other lane goes on", func() bool { return sink.n.Load() > before+2000 })
	if l := lane(); l.SentBytes > ring || l.Kernel.Unacked == 0 || l.Kernel.Acked != 0 {
		t.Errorf("a ring of %d bytes: %+v", ring, l)
	}
	p.close()
	eventually(t, "the lane ends", func() bool { return !lane().Up })
	if l := lane(); l.LostBytes == 0 {
		t.Errorf("nothing is lost: %+v", l)
	}
}

// A downstream that breaks the rules of the ring, or of its last word, loses its lane.
func TestShmHostileReader(t *testing.T) {
	for name, act := range map[string]func(p *shmPeer){
		"head beyond":    func(p *shmPeer) { p.words.head.Store(1 << 40); p.kick() },
		"head negative":  func(p *shmPeer) { p.words.head.Store(-1); p.kick() },
		"a bad bye":      func(p *shmPeer) { p.answer(make([]byte, wire.ByeSize)) },
		"a short packet": func(p *shmPeer) { p.answer(make([]byte, 3)) },
		"a long packet":  func(p *shmPeer) { p.answer(make([]byte, 300)) },
	} {
		t.Run(name, func(t *testing.T) {
			e, h := newEngine(t, Options{Loops: 1, Links: Shm}), hostShm(t)
			end := newProbe(nil, h.tcp.id())
			from := e.add(t, end, NodeOptions{})
			send(t, from, apps.Stream{App: 1, Payload: 5120})
			p, r := h.accepts()
			eventually(t, "the ring is full", func() bool { n, err := r.look(); return err == nil && n == len(r.bytes) })
			act(p)
			end.await(t, "the lane fails", down(core.Downstream, core.ReasonProtocol))
		})
	}
}

// A name that somebody else has taken makes links go by TCP, and is told.
func TestShmNameTaken(t *testing.T) {
	h := hostShm(t)
	_ = h.tcp.Close() // the port is free, the name is not
	e := newEngine(t, Options{Loops: 1, Links: Shm})
	n := e.add(t, relay.New(nil), NodeOptions{Listen: h.tcp.id().String()})
	if n.listener.meeting != nil || e.log.count("go by TCP") != 1 {
		t.Errorf("the log does not say it:\n%s", e.log)
	}
}
