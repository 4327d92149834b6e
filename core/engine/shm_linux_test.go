package engine

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Two engines share memory if both want to, and what comes is whole either way.
func TestShmIsUsedIfBothWant(t *testing.T) {
	for _, c := range []struct{ from, to Links }{{Shm, Shm}, {Shm, TCP}, {TCP, Shm}} {
		t.Run(fmt.Sprint(c.from, " to ", c.to), func(t *testing.T) {
			if *overShm {
				t.Skip("all links are the same")
			}
			a, b := newEngine(t, Options{Loops: 1, Links: c.from}), newEngine(t, Options{Loops: 1, Links: c.to})
			sink := &gauge{}
			to := b.add(t, relay.New(sink), NodeOptions{})
			from := a.add(t, relay.New(nil, to.ID()), NodeOptions{})
			before := mappedRings()
			src := send(t, from, apps.Stream{App: 1, Payload: 5120})
			eventually(t, "the stream flows", func() bool { return sink.n.Load() > 3000 })
			// Each end maps the ring of the data lane, and there is no control lane.
			if got, want := mappedRings()-before, map[bool]int{true: 2}[c.from == Shm && c.to == Shm]; got != want {
				t.Errorf("%d rings are mapped, want %d", got, want)
			}
			stop(t, from)
			eventually(t, "all arrive", func() bool { return uint64(sink.n.Load()) == src.Sent() })
			verify(t, to, sink, from.ID(), 1, src.Sent())
			a.Close() // before the other looks what is left
		})
	}
}

// Nodes of one engine go by TCP: what a loop does for itself is better than a ring.
func TestShmIsForOthers(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	e.ringsWithin = false
	before := mappedRings()
	row := e.row(t, 2, sink)
	send(t, row[0], apps.Stream{App: 1, Payload: 10, Limit: 10})
	eventually(t, "all arrive", func() bool { return sink.n.Load() == 10 })
	if n := mappedRings() - before; n != 0 {
		t.Errorf("%d rings are mapped", n)
	}
}

// shmPeer is a peer of a test's that shares memory with a node, and does as it likes.
type shmPeer struct {
	t     testing.TB
	fd    int // of the socket
	memfd int
	mem   []byte
	words *ringWords
	ring  ringWriter
}

func (p *shmPeer) close() {
	for _, fd := range []*int{&p.fd, &p.memfd} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
			*fd = -1
		}
	}
	if p.mem != nil {
		_ = unix.Munmap(p.mem)
		p.mem = nil
	}
}

// knock connects to a node's Unix socket.
func knock(t testing.TB, to *Node) *shmPeer {
	t.Helper()
	fd, err := meetShm(to.ID())
	if err != nil {
		t.Fatal(err)
	}
	p := &shmPeer{t: t, fd: fd, memfd: -1}
	t.Cleanup(p.close)
	return p
}

// packet waits for a packet, for as long as it takes; 0 bytes are the node's end.
func (p *shmPeer) packet() []byte {
	p.t.Helper()
	var b [64]byte
	for {
		fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(patience.Milliseconds())); err == unix.EINTR {
			continue
		} else if n != 1 || err != nil {
			p.t.Fatal("no packet has come:", err)
		}
		n, err := unix.Read(p.fd, b[:])
		if err == unix.ECONNRESET || err == unix.EAGAIN {
			continue
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return b[:n]
	}
}

// closes waits for the node's end of the socket to close, and returns its last word.
func (p *shmPeer) closes() (bye wire.Bye) {
	p.t.Helper()
	for {
		switch b := p.packet(); len(b) {
		case 0:
			return bye
		case wire.ByeSize:
			var err error
			if bye, err = wire.ParseBye(b); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// offers passes a good ring, waits for the yes, and says hello.
func offers(t testing.TB, to *Node) *shmPeer {
	t.Helper()
	p := knock(t, to)
	const size = 64 << 10
	var err error
	if p.memfd, p.mem, err = newRing(size); err != nil {
		t.Fatal(err)
	}
	if err := sendOffer(p.fd, p.memfd, size); err != nil {
		t.Fatal(err)
	}
	if b := p.packet(); len(b) != 1 || b[0] != shmYes {
		t.Fatalf("the answer is %x", b)
	}
	p.words = wordsOf(p.mem)
	p.ring = ringWriter{words: p.words, bytes: bytesOf(p.mem)}
	p.say(helloOf(stranger(1), 1))
	return p
}

// say writes into the ring and kicks.
func (p *shmPeer) say(b []byte) {
	p.t.Helper()
	if n, err := p.ring.write([][]byte{b}); n != len(b) || err != nil {
		p.t.Fatal("wrote", n, err)
	}
	p.kick()
}

func (p *shmPeer) kick() { _, _ = unix.Write(p.fd, []byte{shmKick}) }

func data(seq uint64, size int) []byte {
	return frame(wire.Header{Type: wire.TypeData, Sender: stranger(1), App: 1, Seq: seq, Size: size})
}

// rawMemfd is memory of a size and seals of the test's choosing.
func rawMemfd(t testing.TB, size int64, seals int) int {
	t.Helper()
	fd, err := unix.MemfdCreate("ioverlay-ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Ftruncate(fd, size); err != nil {
		t.Fatal(err)
	}
	if seals != 0 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
			t.Fatal(err)
		}
	}
	return fd
}

// Memory that could fail an access, and what is no memory or no offer, is refused:
// nothing of it is mapped or kept, and the node goes on.
func TestShmOffersRefused(t *testing.T) {
	const size = 64 << 10
	fits := int64(ringHeader + size)
	offer := appendOffer(nil, size)
	opened := func(fd int, err error) func(testing.TB) []int {
		return func(t testing.TB) []int {
			if err != nil {
				t.Fatal(err)
			}
			return []int{fd}
		}
	}
	sealed := func(size int64, seals int) func(testing.TB) []int {
		return func(t testing.TB) []int { return []int{rawMemfd(t, size, seals)} }
	}
	other := append([]byte(nil), offer...)
	other[5]++
	for name, c := range map[string]struct {
		data []byte
		fds  func(t testing.TB) []int
	}{
		"nothing with it":    {offer, func(testing.TB) []int { return nil }},
		"not sealed":         {offer, sealed(fits, 0)},
		"may shrink":         {offer, sealed(fits, unix.F_SEAL_GROW|unix.F_SEAL_SEAL)},
		"may grow":           {offer, sealed(fits, unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)},
		"may not be written": {offer, sealed(fits, shmSeals|unix.F_SEAL_WRITE)},
		"too small":          {offer, sealed(fits-1, shmSeals)},
		"too large":          {offer, sealed(fits+1, shmSeals)},
		"empty":              {offer, sealed(0, shmSeals)},
		"two of them": {offer, func(t testing.TB) []int {
			return []int{rawMemfd(t, fits, shmSeals), rawMemfd(t, fits, shmSeals)}
		}},
		"thirty of them": {offer, func(t testing.TB) (fds []int) {
			for range 30 {
				fds = append(fds, rawMemfd(t, fits, shmSeals))
			}
			return fds
		}},
		"a device": {offer, func(t testing.TB) []int { return opened(unix.Open("/dev/zero", unix.O_RDWR, 0))(t) }},
		"a file": {offer, func(t testing.TB) []int {
			path := t.TempDir() + "/file"
			if err := os.WriteFile(path, make([]byte, fits), 0o600); err != nil {
				t.Fatal(err)
			}
			return opened(unix.Open(path, unix.O_RDWR, 0))(t)
		}},
		"a socket":        {offer, func(t testing.TB) []int { return opened(shmSocket())(t) }},
		"another version": {other, sealed(fits, shmSeals)},
		"another magic":   {append([]byte{1}, offer[1:]...), sealed(fits, shmSeals)},
		"short":           {offer[:11], sealed(fits, shmSeals)},
		"long":            {append(offer[:offerSize:offerSize], 0), sealed(fits, shmSeals)},
		"a ring of 0":     {appendOffer(nil, 0), sealed(ringHeader, shmSeals)},
		"a huge ring":     {appendOffer(nil, mostRing+4096), sealed(ringHeader+mostRing+4096, shmSeals)},
		"a kick":          {[]byte{shmKick}, func(testing.TB) []int { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
			n := e.add(t, relay.New(sink), NodeOptions{})
			p := knock(t, n)
			fds := c.fds(t)
			err := unix.Sendmsg(p.fd, c.data, unix.UnixRights(fds...), nil, 0)
			for _, fd := range fds {
				_ = unix.Close(fd)
			}
			if err != nil {
				t.Fatal(err)
			}
			if b := p.packet(); len(b) != 0 {
				t.Errorf("the answer is %x", b)
			}
			good := offers(t, n)
			good.say(data(1, 10))
			eventually(t, "a message of another arrives", func() bool { return sink.n.Load() == 1 })
			if e.log.count("refused to share memory") != 1 {
				t.Errorf("the log does not say it:\n%s", e.log)
			}
		})
	}
}
