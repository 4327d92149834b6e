package netcode

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// waiting is a message of the source for which there is no room in the window. It is held, so the source waits.
type waiting struct {
	msg *core.Msg
	at  time.Duration // when it came
}

// take takes a message of the source.
func (m *Window) take(msg *core.Msg) core.Verdict {
	n := len(msg.Payload())
	switch {
	case !msg.From().IsZero():
		m.stats.Bad++
		return core.Done
	case n > MaxMessage:
		m.stats.TooLong++
		return core.Done
	}
	if !m.begun {
		size := m.s.Size
		if size == 0 {
			size = n
		}
		m.begun = true
		m.adopt(0, streamID{source: m.ID(), epoch: m.seen + 1, nonce: m.Rand().Uint32() &^ padded},
			shape{size: size + lengthLen, window: m.s.Window, deadline: m.s.Deadline, overhead: int(m.s.Overhead * unit), rateless: m.s.Rateless})
	}
	if n > m.shape.size-lengthLen {
		m.stats.TooLong++
		return core.Done
	}
	if len(m.backlog) > 0 || !m.roomy() {
		m.backlog = append(m.backlog, waiting{msg, m.Now()})
		return core.Hold
	}
	m.push(msg.Payload(), m.Now())
	return core.Done
}

// roomy reports whether there is room for one more packet in the window. Without feedback there always is: the oldest has
// had its time.
func (m *Window) roomy() bool { return m.shape.rateless || m.end-m.base < uint64(m.shape.window) }

// push makes the next packet of the stream.
func (m *Window) push(message []byte, born time.Duration) {
	if m.end-m.base >= uint64(m.shape.window) {
		m.stats.Expired += m.end - m.base - uint64(m.shape.window) + 1
		m.base = m.end - uint64(m.shape.window) + 1
	}
	s := m.stream()
	b := m.scratch[:s.SourceLen()]
	n, err := s.PutSource(b, m.end)
	if err != nil {
		panic("netcode: a packet of our own: " + err.Error())
	}
	be.PutUint16(b[n:], uint16(len(message)))
	clear(b[n+lengthLen+copy(b[n+lengthLen:], message):])
	m.extend(m.end+1, m.Now()-born)
	if r, err := m.dec.Add(b); err != nil || r != coding.Innovative {
		panic(fmt.Sprint("netcode: a packet of our own is refused: ", r, err))
	}
	m.stats.Made++
	m.brings()
	m.advance()
}

// drain lets messages in that waited for room in the window.
func (m *Window) drain() {
	if m.draining {
		return // push moves on too
	}
	m.draining = true
	i := 0
	for ; i < len(m.backlog) && m.roomy(); i++ {
		w := m.backlog[i]
		m.push(w.msg.Payload(), w.at)
		m.Release(w.msg)
	}
	m.backlog = slices.Delete(m.backlog, 0, i)
	m.draining = false
}

// stream is the stream's shape as the code knows it.
func (m *Window) stream() coding.Stream {
	return coding.Stream{ID: m.id.nonce, Size: m.shape.size, Window: m.shape.window}
}
