package engine

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
)

// What was shared cannot be made smaller by whoever shared it.
func TestShmCannotShrink(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	p := offers(t, e.add(t, relay.New(sink), NodeOptions{}))
	p.say(data(1, 10))
	eventually(t, "a message arrives", func() bool { return sink.n.Load() == 1 })
	if err := unix.Ftruncate(p.memfd, 0); err != unix.EPERM {
		t.Errorf("shrinking returned %v", err)
	}
	if err := unix.Fallocate(p.memfd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, int64(len(p.mem))); err != nil {
		t.Fatal(err)
	}
	// The words are 0 now, which goes back.
	p.kick()
	if bye := p.closes(); !bye.Failed {
		t.Errorf("the node says %+v", bye)
	}
}

// An upstream that breaks the rules of the ring loses its lane, and hears how much was
// taken; the node and others go on.
func TestShmHostileWriter(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	n := e.add(t, relay.New(sink), NodeOptions{})
	for name, tail := range map[string]func(at uint64) int64{
		"beyond":   func(at uint64) int64 { return int64(at) + 64<<10 + 1 },
		"backward": func(at uint64) int64 { return int64(at) - 1 },
		"negative": func(uint64) int64 { return -1 },
	} {
		before := sink.n.Load()
		p := offers(t, n)
		p.say(data(1, 100))
		eventually(t, "the message arrives", func() bool { return sink.n.Load() == before+1 })
		p.words.tail.Store(tail(p.ring.tail))
		p.kick()
		if bye := p.closes(); !bye.Failed || bye.Msgs != 1 {
			t.Errorf("tail %s: the node says %+v", name, bye)
		}
		p.close()
	}
	if got := e.log.count("impossible position"); got < 3 {
		t.Errorf("the log tells of %d:\n%s", got, e.log)
	}
}

// Bytes that change while they are read are read once, into the node's own memory: what
// comes of them is a frame or a violation, and no harm.
func TestShmBytesThatChange(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	n := e.add(t, relay.New(sink), NodeOptions{})
	for round := range scaled(40) {
		p := offers(t, n)
		rng := rand.New(rand.NewPCG(uint64(round), 1))
		var stop atomic.Bool
		done := make(chan struct{})
		go func() { // all of its words but tail, which then would only end the lane
			defer close(done)
			for !stop.Load() {
				p.words.origin.Store(rng.Int64())
				p.words.full.Store(true)
				p.words.asleep.Store(true)
				p.mem[ringHeader+rng.IntN(len(p.mem)-ringHeader)]++
			}
		}()
		for i := range 200 {
			if p.ring.look() != nil || p.ring.room() < 200 {
				break
			}
			p.say(data(uint64(i), 100))
		}
		_ = unix.Shutdown(p.fd, unix.SHUT_WR)
		p.closes()
		stop.Store(true)
		<-done
		p.close()
	}
	before := sink.n.Load()
	offers(t, n).say(data(1, 1))
	eventually(t, "a message of another arrives", func() bool { return sink.n.Load() == before+1 })
}

// Kicks without end, with descriptors on them, keep nobody from being served and leave
// nothing.
func TestShmFloodOfKicks(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	n := e.add(t, relay.New(sink), NodeOptions{})
	p := offers(t, n)
	fd := rawMemfd(t, 1, 0)
	defer func() { _ = unix.Close(fd) }()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			var rights []byte
			if i%2 == 0 {
				rights = unix.UnixRights(fd)
			}
			_ = unix.Sendmsg(p.fd, make([]byte, 1+i%50), rights, nil, unix.MSG_DONTWAIT)
		}
	}()
	before := len(descriptors())
	other := knock(t, n) // to be served it must be accepted and answered
	other.close()
	good := offers(t, n)
	for i := range 20 {
		good.say(data(uint64(i), 10))
	}
	eventually(t, "messages of another arrive", func() bool { return sink.n.Load() >= 20 })
	if now := len(descriptors()); now > before+20 {
		t.Errorf("%d descriptors, and %d before", now, before)
	}
	close(stop)
	<-done
}

// A writer that is gone without a word is a failure, at once and with what it had written.
func TestShmWriterIsGone(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm}), &gauge{}
	end := newProbe(sink)
	n := e.add(t, end, NodeOptions{})
	p := offers(t, n)
	if n, err := p.ring.write([][]byte{data(1, 10), data(2, 10), data(3, 10)[:20]}); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	p.close() // no kick: the end of the socket is one
	end.await(t, "the lane fails", down(core.Upstream, core.ReasonReset))
	if got := sink.n.Load(); got != 2 {
		t.Errorf("%d messages arrived, want 2", got)
	}
}

// A connection that offers nothing is closed when its time is up.
func TestShmSilentKnock(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, Links: Shm, HelloTimeout: 1})
	if b := knock(t, e.add(t, relay.New(nil), NodeOptions{})).packet(); len(b) != 0 {
		t.Errorf("the node says %x", b)
	}
}

// What lies in a ring behind the end of its lane is thrown away, in the same burst of
// reads as well.
func TestShmBytesBehindTheEnd(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1, Links: Shm, ReadBytes: 4096}), &gauge{}
	p := offers(t, e.add(t, relay.New(sink), NodeOptions{}))
	p.say(append(data(1, 10), make([]byte, 32<<10)...)) // a frame of type 0, and much more
	if bye := p.closes(); !bye.Failed || bye.Msgs != 1 {
		t.Errorf("the node says %+v", bye)
	}
}
