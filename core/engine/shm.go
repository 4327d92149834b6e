package engine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Links between processes of one host go through rings in shared memory (shmring.go),
// if both have Shm links; the bytes are those of a TCP lane. In the order of a lane's
// life (docs/wire.md, section 12):
//
//	meet       a listener has a Unix socket too, named by its address (shm_linux.go);
//	           who dials that address tries this first
//	offer      the dialler passes the memory of a ring, and its listener checks it and
//	           says yes; if it does not, the dialler goes on with TCP
//	ring       the upstream's bytes: hello, frames, bye
//	socket     kicks for an end that sleeps, and the downstream's bye; and it is the life
//	           line, since the system closes it with the process
//
// Memory and a socket are all that a lane has: an eventfd for kicks would have flags
// that both ends can change, and who makes it block, and fills it, stops the other.

// Packets of the socket besides the downstream's bye.
const (
	shmYes  = 1 // the first packet from downstream: the offer is accepted
	shmKick = 0
)

// An offer: magic and version are those of rings, not of the frames in them.
const (
	offerMagic   = 0x694f736d // "iOsm"
	offerVersion = 1
	offerSize    = 12 // bytes
)

// ringHeader is how many bytes of the shared memory lie before those of the ring.
const ringHeader = 4096

var errOffer = errors.New("this is no offer of shared memory")

// appendOffer appends the packet that comes with the memory of a ring of so many bytes.
func appendOffer(b []byte, ringBytes int) []byte {
	b = binary.BigEndian.AppendUint32(b, offerMagic)
	b = binary.BigEndian.AppendUint16(b, offerVersion)
	b = binary.BigEndian.AppendUint16(b, 0)
	return binary.BigEndian.AppendUint32(b, uint32(ringBytes))
}

// parseOffer reads such a packet and returns the size of the ring.
func parseOffer(b []byte) (int, error) {
	switch {
	case len(b) != offerSize, binary.BigEndian.Uint32(b) != offerMagic, binary.BigEndian.Uint16(b[6:]) != 0:
		return 0, errOffer
	case binary.BigEndian.Uint16(b[4:]) != offerVersion:
		return 0, fmt.Errorf("%w of version %d: it is of version %d", errOffer, offerVersion, binary.BigEndian.Uint16(b[4:]))
	}
	size := int64(binary.BigEndian.Uint32(b[8:]))
	if size < leastRing || size > mostRing {
		return 0, fmt.Errorf("a ring of %d bytes: want %d to %d", size, leastRing, mostRing)
	}
	return int(size), nil
}

// ringBytes is the size of the rings that an engine's lanes get. For those who ask for buffers it is what the kernel
// keeps of a TCP lane, which has two and doubles each. Otherwise it is twice that of a lane at its start, 2 MiB, since a
// ring does not grow as those do (widen.go): the burst that fills half of it pays for the wake-ups. A chain of processes
// carries 1.2 to 1.4 times as much a CPU-second as with 1 MiB, as much with 4, and two thirds with 512 KiB. What is not
// written to has no memory, and a lane with little to say stays at the ring's start.
func (o *Options) ringBytes() int {
	buffers := 4
	if o.wideBytes > o.SocketBytes {
		buffers = 8
	}
	return min(max(buffers*min(o.SocketBytes, mostRing), leastRing), mostRing)
}

// shmLink is what both ends of a lane through shared memory have.
type shmLink struct {
	loop *loop
	fd   int    // the socket
	mem  []byte // the mapping; nil once it is given back
	owes bool   // a look whether the other end waits; see loop.sendKicks
}

// shmEnd is either.
type shmEnd interface {
	// urgent reports whether the other end, if it waits, is worth waking although more may follow soon.
	urgent() bool
	// wake sends a kick if the other end waits for what this one has done.
	wake()
}

// oweKick has the loop look, before it waits, whether the other end does. In a
// burst of reads and writes that is one look and one kick.
func (s *shmLink) oweKick(e shmEnd) {
	if !s.owes {
		s.owes = true
		s.loop.kicks = append(s.loop.kicks, e)
	}
}

// payKicks sends kicks at the end of a turn. To wake a process costs as much as to copy a slab or two, and one that is woken for
// every slab sleeps again after each: so while the loop has more to do, what is not urgent waits a few turns.
func (lp *loop) payKicks(more bool) {
	if !more || lp.owed >= kickPatience {
		lp.sendKicks()
		return
	}
	lp.owed++
	rest := lp.kicks[:0]
	for _, e := range lp.kicks {
		if e.urgent() {
			e.wake()
		} else {
			rest = append(rest, e)
		}
	}
	clear(lp.kicks[len(rest):])
	lp.kicks = rest
}

// sendKicks pays all that is owed.
func (lp *loop) sendKicks() {
	for i, e := range lp.kicks {
		lp.kicks[i] = nil
		e.wake()
	}
	lp.kicks, lp.owed = lp.kicks[:0], 0
}

// kick wakes the other end. A socket that is full of kicks has woken it already, and one
// that is closed is reported by the poller.
func (s *shmLink) kick() { _, _ = sysWrite(s.fd, []byte{shmKick}) }

// unmap gives the memory back. The rings in it must not be touched any more.
func (s *shmLink) unmap() {
	if s.mem == nil {
		return
	}
	if err := unix.Munmap(s.mem); err != nil {
		s.loop.eng.opt.Log.Error("giving a ring's memory back", "err", err)
	}
	s.mem = nil
}

// packet reads a packet of at most len(p) bytes; 0 means that the peer has closed its
// end. An end that closes with packets unread is reported as an error, once, before what
// it had sent can be read.
func (s *shmLink) packet(p []byte) (int, unix.Errno) {
	n, e := sysRead(s.fd, p)
	if e == unix.ECONNRESET {
		n, e = sysRead(s.fd, p)
	}
	return n, e
}

// readError says what went wrong with a read.
func readError(e unix.Errno) error {
	if e == unix.EBADMSG { // as shmIn.recv says it
		return errRing
	}
	return fmt.Errorf("read: %w", e)
}
