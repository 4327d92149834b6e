package wire

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/ioverlay/ioverlay/bufpool"
)

// rig plays one event loop: some connections that share a stage, consumers that keep views for a while, others that
// eat the pool's budget. What happens next is asked of pick, so that rapid and the fuzzer can both drive it. Whatever
// happens, each connection has to yield exactly the frames that the oracle finds in its stream.
type rig struct {
	t     fatal
	pick  func(n int) int // 0 <= result < n
	pool  *bufpool.Pool
	stage *Stage
	conns []*conn
	views []view
	hogs  []*bufpool.Slab
}

type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

type conn struct {
	f          Framer
	stream     []byte
	ends       []int // where the oracle's frames end
	bad        error // what the oracle finds after them; nil if the stream just ends
	sent       int
	done       int // bytes of whole frames that were consumed
	seen       int // frames consumed
	chunk      Chunk
	paused     bool // between Filled and Keep
	dead       bool
	refusedRun int
}

// view is a message that somebody keeps: bytes must stay as they are until it is released.
type view struct {
	slab        *bufpool.Slab
	bytes, want []byte
}

// oracle reassembles a stream in the dumbest way: all of it in one buffer, headers read by hand.
func oracle(stream []byte, maxPayload int) (ends []int, bad error) {
	buf, at := bytes.NewBuffer(stream), 0
	for buf.Len() >= 24 {
		head := buf.Bytes()[:24]
		size, typ := int64(binary.BigEndian.Uint32(head)), binary.BigEndian.Uint16(head[4:])
		switch {
		case size > int64(maxPayload):
			return ends, ErrTooBig
		case typ == 0 || typ == 0x8000 || typ > 0x8000 && size < 16:
			return ends, ErrMalformed
		case int64(buf.Len()) < 24+size:
			return ends, nil
		}
		buf.Next(24 + int(size))
		at += 24 + int(size)
		ends = append(ends, at)
	}
	return ends, nil
}

func newRig(t fatal, o bufpool.Options, pick func(int) int) *rig {
	pool := bufpool.New(o)
	return &rig{t: t, pick: pick, pool: pool, stage: NewStage(pool)}
}

func (r *rig) add(stream []byte, maxPayload int) {
	ends, bad := oracle(stream, maxPayload)
	r.conns = append(r.conns, &conn{f: Framer{MaxPayload: maxPayload}, stream: stream, ends: ends, bad: bad})
}

// step lets one thing happen. It reports whether a connection may still have something to do.
func (r *rig) step() bool {
	switch r.pick(32) {
	case 0:
		r.hog()
	case 1, 2:
		r.dropHog()
	case 3, 4, 5, 6:
		r.dropView()
	default:
		r.turn(r.conns[r.pick(len(r.conns))], true)
	}
	for _, c := range r.conns {
		if !c.idle() {
			return true
		}
	}
	return false
}

func (c *conn) idle() bool { return c.dead || c.sent == len(c.stream) && !c.paused }

// turn gives a connection one read, or the end of its pause.
func (r *rig) turn(c *conn, mayPause bool) {
	if c.idle() {
		return
	}
	if c.paused {
		r.consume(c)
		return
	}
	left, before := c.stream[c.sent:], c.f.Buffered()
	space, err := c.f.Space(r.stage, r.limit())
	if err != nil {
		if !errors.Is(err, bufpool.ErrBudget) || c.f.Buffered() != before {
			r.t.Fatalf("Space: %v, buffered %d and then %d", err, before, c.f.Buffered())
		}
		c.refusedRun++
		return
	}
	c.refusedRun = 0
	if mayPause && r.pick(8) == 0 {
		return // the read found nothing
	}
	n := copy(space[:min(len(space), r.limit())], left)
	if n == 0 {
		r.t.Fatalf("Space returned nothing")
	}
	c.sent += n
	c.chunk = c.f.Filled(r.stage, n)
	if got, want := c.chunk.Bytes(), c.stream[c.done:c.sent]; !bytes.Equal(got, want) {
		r.t.Fatalf("Filled returned %d bytes, want the %d bytes from %d on", len(got), len(want), c.done)
	}
	c.paused = true
	if !mayPause || r.pick(3) != 0 {
		r.consume(c)
	}
}

// limit draws how much is read at most: often tiny, often a lot.
func (r *rig) limit() int {
	switch r.pick(4) {
	case 0:
		return 1 + r.pick(30)
	case 1:
		return 1 + r.pick(3000)
	default:
		return 1 + r.pick(1<<18)
	}
}

// consume walks the frames of a connection's chunk, keeps views of some, and hands back the rest.
func (r *rig) consume(c *conn) {
	c.paused = false
	for {
		rest := c.chunk.Bytes()
		total, err := Peek(rest, c.f.MaxPayload)
		if err != nil {
			if c.seen != len(c.ends) || !errors.Is(err, c.bad) || c.bad == nil {
				r.t.Fatalf("after %d frames %v, the oracle says %d and %v", c.seen, err, len(c.ends), c.bad)
			}
			r.endConn(c)
			return
		}
		if total == 0 || total > len(rest) {
			break
		}
		if c.seen == len(c.ends) || c.done+total != c.ends[c.seen] {
			r.t.Fatalf("frame %d of %d bytes at %d, the oracle's frames end at %v", c.seen, total, c.done, c.ends)
		}
		if r.pick(4) == 0 {
			c.chunk.Slab.Retain()
			r.views = append(r.views, view{c.chunk.Slab, rest[:total], c.stream[c.done : c.done+total]})
		}
		c.f.NoteFrame(total)
		c.done, c.seen = c.done+total, c.seen+1
		c.chunk.Off, c.chunk.Len = c.chunk.Off+uint32(total), c.chunk.Len-uint32(total)
	}
	c.f.Keep(c.chunk)
	if c.f.Buffered() != c.sent-c.done {
		r.t.Fatalf("Buffered = %d, want %d", c.f.Buffered(), c.sent-c.done)
	}
}

// endConn closes a connection whose chunk the caller still has.
func (r *rig) endConn(c *conn) {
	c.chunk.Slab.Release()
	c.f.Close()
	c.dead = true
}

func (r *rig) dropView() {
	if len(r.views) == 0 {
		return
	}
	i := r.pick(len(r.views))
	v := r.views[i]
	if !bytes.Equal(v.bytes, v.want) {
		r.t.Fatalf("a view of %d bytes changed while it was held", len(v.bytes))
	}
	v.slab.Release()
	r.views[i] = r.views[len(r.views)-1]
	r.views = r.views[:len(r.views)-1]
}

// hog takes budget, in large blocks first, until there is none left for a slab of some size.
func (r *rig) hog() {
	last := 1 + r.pick(r.pool.SlabSize())
	for _, size := range []int{512 << 10, 64 << 10, 4 << 10, last} {
		for size >= last {
			s, err := r.pool.GetSize(size)
			if err != nil {
				break
			}
			r.hogs = append(r.hogs, s)
		}
	}
}

func (r *rig) dropHog() {
	for range min(len(r.hogs), 1+r.pick(8)) {
		r.hogs[len(r.hogs)-1].Release()
		r.hogs = r.hogs[:len(r.hogs)-1]
	}
}

// finish lets memory come back, plays all streams to their ends and checks that nothing is missing or leaked.
func (r *rig) finish() {
	for len(r.hogs) > 0 {
		r.dropHog()
	}
	for _, c := range r.conns {
		for !c.idle() {
			for len(r.views) > 0 {
				r.dropView()
			}
			r.turn(c, false)
			if c.refusedRun > 0 {
				r.t.Fatalf("the pool refuses although nothing holds memory but unfinished frames")
			}
		}
		if !c.dead && (c.seen != len(c.ends) || c.bad != nil) {
			r.t.Fatalf("%d of %d frames, and the oracle expects %v", c.seen, len(c.ends), c.bad)
		}
	}
	r.close()
}

func (r *rig) close() {
	for len(r.views) > 0 {
		r.dropView()
	}
	for _, c := range r.conns {
		if c.paused {
			c.chunk.Slab.Release()
		}
		c.f.Close()
	}
	r.stage.Close()
	if n := r.pool.Held(); n != 0 {
		r.t.Fatalf("%d slabs were never released\n%v", n, r.pool.Leaks())
	}
}
