package raw

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
)

// What relays of a chain have by default.
var (
	usableBytes = Config{}.withDefaults().usableBytes()
	socketBytes = Config{}.withDefaults().SocketBytes
)

// relayRig is one relay between two links whose other ends the test holds.
type relayRig struct {
	loop     *loop
	relay    *relay
	up, down int // the ends that the test writes and reads, non-blocking
}

func newRelayRig(t *testing.T) *relayRig {
	t.Helper()
	d, err := newDialer(socketBytes)
	if err != nil {
		t.Fatal(err)
	}
	up, in, err := d.pair()
	if err != nil {
		t.Fatal(err)
	}
	out, down, err := d.pair()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoop(usableBytes)
	if err != nil {
		t.Fatal(err)
	}
	r := &relayRig{loop: l, relay: newRelay(l, in, out, noPeer), up: up, down: down}
	if err := r.relay.attach(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		errs := []error{d.close(), l.poller.Close()}
		for _, fd := range []int{up, in, out, down} {
			errs = append(errs, unix.Close(fd))
		}
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	})
	return r
}

// blocked asks the loop whether the relay waits for room.
func (r *relayRig) blocked(t *testing.T) bool {
	t.Helper()
	answer := make(chan bool)
	if err := r.loop.post(func() error { answer <- r.relay.out.blocked(); return nil }); err != nil {
		t.Fatal(err)
	}
	return <-answer
}

// A relay whose downstream does not read must hold its upstream back, lose nothing, and go on when there is room.
func TestRelayHoldsBackAndResumes(t *testing.T) {
	r := newRelayRig(t)
	ended := make(chan error, 1)
	go func() { ended <- r.loop.run() }()

	sent := make([]byte, 8<<20) // far more than the buffers of two links hold
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range sent {
		sent[i] = byte(rng.Uint32())
	}
	written := 0
	write := func() {
		n, err := writeSome(r.up, sent[written:min(len(sent), written+usableBytes)])
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		written += n
	}
	await(t, "the relay to stop reading", func() bool { write(); return r.blocked(t) })
	if written == len(sent) {
		t.Fatal("everything was written before the relay stopped reading: the test is too small")
	}

	var received []byte
	buffer := make([]byte, usableBytes)
	await(t, "everything", func() bool {
		if written < len(sent) {
			write()
		}
		n, err := readSome(r.down, buffer)
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		received = append(received, buffer[:n]...)
		return len(received) >= len(sent)
	})
	if !bytes.Equal(sent, received) {
		t.Error("what arrived is not what was sent")
	}
	if err := r.loop.stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRelayDoesNotAllocate(t *testing.T) {
	r := newRelayRig(t)
	block := make([]byte, 5144)
	buffer := make([]byte, usableBytes)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := writeSome(r.up, block); err != nil {
			t.Fatal(err)
		}
		if err := r.relay.ready(0); err != nil {
			t.Fatal(err)
		}
		if _, err := readSome(r.down, buffer); err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a block, want 0", n)
	}
}
