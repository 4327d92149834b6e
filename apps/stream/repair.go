package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/coding"
)

// Repair is how a source protects a stream against loss: after each Every media messages it sends one coded of the last Window
// (package coding, sliding window). So of each row of messages that are lost as many come back as coded messages follow
// within Window of them. The zero value adds none.
type Repair struct {
	Every  int // media messages for each repair message; 0: no repair
	Window int // media messages that one covers, from Every to coding.MaxWindow
}

// Check tells whether it is within the limits.
func (r Repair) Check() error {
	if r == (Repair{}) || r.Every >= 1 && r.Window >= r.Every && r.Window <= coding.MaxWindow {
		return nil
	}
	return fmt.Errorf("stream: a repair message for every %d that covers %d: want one for every 1 or more, which covers as many or more, at most %d",
		r.Every, r.Window, coding.MaxWindow)
}

// repairHead is what precedes the media in a packet of the code: their length (2 bytes) and time (8).
const repairHead = 10

// wrap writes what the code covers of a media message into dst, which is zeroed behind it.
func wrap(dst []byte, at time.Duration, body []byte) {
	binary.BigEndian.PutUint16(dst, uint16(len(body)))
	binary.BigEndian.PutUint64(dst[2:], uint64(at))
	clear(dst[repairHead+copy(dst[repairHead:], body):])
}

// unwrap reads it again.
func unwrap(p []byte) (at time.Duration, body []byte, ok bool) {
	n := int(binary.BigEndian.Uint16(p))
	at, body = time.Duration(binary.BigEndian.Uint64(p[2:])), p[repairHead:]
	if n > len(body) || at < 0 || !wholePackets(body[:n]) {
		return 0, nil, false
	}
	return at, body[:n], true
}

// repairEncoder makes repair messages.
type repairEncoder struct {
	every int
	enc   coding.WindowEncoder
	ring  [][]byte
	shape coding.Stream
	since int // media messages since the last repair message
}

// newRepairEncoder is for media of at most maxBody bytes a message. The repair has been checked.
func newRepairEncoder(r Repair, epoch uint32, maxBody int) *repairEncoder {
	e := &repairEncoder{every: r.Every, shape: coding.Stream{ID: epoch, Size: repairHead + maxBody, Window: r.Window}}
	for range r.Window {
		e.ring = append(e.ring, make([]byte, e.shape.Size))
	}
	if err := e.enc.Reset(e.shape, 0); err != nil {
		panic("stream: " + err.Error()) // the shape has been checked
	}
	return e
}

// add takes the next media message, and reports whether a repair message is due.
func (e *repairEncoder) add(seq uint64, at time.Duration, body []byte) (due bool) {
	if seq-e.enc.First() == uint64(len(e.ring)) {
		e.enc.Advance(e.enc.First() + 1)
	}
	p := e.ring[seq%uint64(len(e.ring))]
	wrap(p, at, body)
	if _, err := e.enc.Push(p); err != nil {
		panic("stream: " + err.Error()) // there is room, and the length is right
	}
	e.since++
	if e.since < e.every {
		return false
	}
	e.since = 0
	return true
}

// size is the length of the body of a repair message.
func (e *repairEncoder) size() int { return e.shape.CodedLen() }

// put writes the body of one.
func (e *repairEncoder) put(dst []byte) {
	if _, err := e.enc.Coded(dst); err != nil {
		panic("stream: " + err.Error()) // the window is not empty
	}
}

// repairDecoder finds media messages again. It begins with the first repair message, which tells it the length of the
// packets of the code.
type repairDecoder struct {
	dec   coding.WindowDecoder
	shape coding.Stream
	begun bool
	buf   []byte // a media message as a packet of the code
}

// decodeWindow is the decoder's, whatever the source's is.
const decodeWindow = coding.MaxWindow

// mostBody bounds the media of a message that repair covers, and so the memory of a decoder: 36 MiB.
const mostBody = 1 << 16 / PacketLen * PacketLen

// begin starts to decode.
func (d *repairDecoder) begin(epoch uint32, first uint64, size int) error {
	d.shape = coding.Stream{ID: epoch, Size: size, Window: decodeWindow}
	bufs := make([][]byte, 2*decodeWindow)
	for i := range bufs {
		bufs[i] = make([]byte, size)
	}
	if err := d.dec.Reset(d.shape, first, bufs); err != nil {
		return err
	}
	d.buf = make([]byte, d.shape.SourceLen())
	d.begun = true
	return nil
}

// media takes a media message that came.
func (d *repairDecoder) media(h Header, body []byte, got func(seq uint64, at time.Duration, body []byte)) error {
	if !d.begun {
		return nil
	}
	if len(body) > d.shape.Size-repairHead {
		return fmt.Errorf("stream: a media message of %d bytes where repair is for %d", len(body), d.shape.Size-repairHead)
	}
	n, err := d.shape.PutSource(d.buf, h.Seq)
	if err != nil {
		return err
	}
	wrap(d.buf[n:], h.Time, body)
	return d.add(d.buf, h.Seq, got)
}

// repair takes a repair message that came.
func (d *repairDecoder) repair(h Header, body []byte, got func(seq uint64, at time.Duration, body []byte)) error {
	p, err := coding.ParseWindow(body)
	switch {
	case err != nil:
		return err
	case p.Kind != coding.KindWindowCoded || p.Stream != h.Epoch || p.End() != h.Seq || len(p.Payload) <= repairHead || len(p.Payload) > repairHead+mostBody:
		return fmt.Errorf("%w: a repair message that is not of its stream", coding.ErrGeneration)
	case !d.begun:
		return d.begin(h.Epoch, h.Seq, len(p.Payload))
	}
	d.dec.SkipTo(p.First) // the source has given up what is before
	d.deliver(got)
	return d.add(body, p.End()-1, got)
}

// add gives a packet, the last part of which is number last, to the code.
func (d *repairDecoder) add(b []byte, last uint64, got func(seq uint64, at time.Duration, body []byte)) error {
	if last >= d.dec.Next()+decodeWindow { // much is lost
		d.dec.SkipTo(last + 1 - decodeWindow)
		d.deliver(got)
	}
	_, err := d.dec.Add(b)
	if err != nil && !errors.Is(err, coding.ErrStale) { // what needs more than is remembered is no fault
		return err
	}
	d.deliver(got)
	return nil
}

// deliver hands on what is known.
func (d *repairDecoder) deliver(got func(seq uint64, at time.Duration, body []byte)) {
	for {
		seq, p, ok := d.dec.Deliver()
		if !ok {
			return
		}
		if at, body, ok := unwrap(p); ok {
			got(seq, at, body)
		}
	}
}
