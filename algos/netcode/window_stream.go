package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Which stream a node is in: as of Multicast (stream.go), with numbers of packets in place of generations.

func (m *Window) mayBring(id core.NodeID) bool {
	return !id.IsZero() && (m.s.Upstreams == nil || slices.Contains(m.s.Upstreams, id))
}

// meet takes a hello: an upstream says which stream it brings, and where a newcomer begins.
func (m *Window) meet(u *winUp, w *winHello) {
	if w.id.source == m.id.source || !m.known {
		m.seen = max(m.seen, w.id.epoch)
	}
	switch {
	case m.known && w.id.is(m.id):
		m.id.epoch = max(m.id.epoch, w.id.epoch)
		if m.fresh && m.useful() {
			m.adopt(w.start, w.id, w.shape)
		}
	case m.admits(u, w.id):
		if m.known {
			m.stats.Replaced++
		}
		m.adopt(w.start, w.id, w.shape)
		m.fresh = m.resting
	default:
		m.stats.Refused++
		return
	}
	m.carries(u)
}

// admits reports whether a stream may take the place of the one that this node is in, as of Multicast.
func (m *Window) admits(u *winUp, id streamID) bool {
	if !m.known || m.Now()-m.heardAt > staleAfter {
		return true
	}
	if id.source != m.id.source || id.epoch <= m.id.epoch {
		return false
	}
	return m.s.Upstreams != nil || slices.Contains(m.carriers, u.id) || u.id == id.source
}

// adopt begins with a stream at a packet, and forgets the one before.
func (m *Window) adopt(start uint64, id streamID, sh shape) {
	if !id.is(m.id) {
		m.carriers = m.carriers[:0]
	}
	m.known, m.fresh, m.id, m.shape = true, false, id, sh
	m.seen = max(m.seen, id.epoch)
	m.began, m.gone, m.base, m.told, m.next, m.end, m.spread = start, start, start, start, start, start, start
	m.heardAt, m.moved, m.pending = m.Now(), m.Now(), 0
	m.seed = m.Rand().Uint32()
	m.makeRoom()
	if err := m.dec.Reset(m.stream(), start, m.bufs); err != nil {
		panic("netcode: a stream whose shape was checked: " + err.Error())
	}
	for _, u := range m.ups {
		*u = winUp{id: u.id, since: u.since, at: m.Now()}
	}
	for _, v := range m.downs {
		m.restart(v)
	}
	m.tell = true
	m.wake()
}

// makeRoom has buffers for the stream's shape. Those of another shape are let go of.
func (m *Window) makeRoom() {
	n, size := 2*m.shape.window, m.shape.size
	if len(m.bufs) != n || len(m.bufs[0]) != size {
		m.bufs = make([][]byte, n)
		store := make([]byte, n*size)
		for i := range m.bufs {
			m.bufs[i] = store[i*size : (i+1)*size : (i+1)*size]
		}
		s := m.stream()
		m.scratch = make([]byte, s.SourceLen())
	}
	if len(m.born) != n {
		m.born = make([]time.Duration, n)
	}
}

// carries notes that an upstream is in this node's stream.
func (m *Window) carries(u *winUp) {
	if u.carries {
		return
	}
	u.carries, u.at = true, m.Now()
	if !slices.Contains(m.carriers, u.id) && len(m.carriers) < maxCarriers {
		m.carriers = append(m.carriers, u.id)
	}
}

// refute raises the epoch of this node's own stream above one that was heard of, as of Multicast. A relay passes it on.
func (m *Window) refute(seen uint64) {
	if !m.begun {
		if seen > m.seen {
			m.seen, m.tell = seen, true
		}
		return
	}
	if seen < m.id.epoch {
		return
	}
	m.id.epoch, m.seen = seen+1, seen+1
	for _, v := range m.downs {
		v.hello = true
	}
	m.wake()
}

// useful reports whether this node, or one below it, has use for the stream.
func (m *Window) useful() bool {
	if m.s.Deliver != nil || m.begun {
		return true
	}
	return slices.ContainsFunc(m.downs, (*winDown).live)
}

// rest ends this node's part in the stream when nobody needs it, as of Multicast.
func (m *Window) rest() {
	useful := m.useful()
	if useful != m.resting {
		return
	}
	m.resting, m.tell = !useful, true
	m.fresh = m.fresh || m.resting
}

// sole reports whether each node from here on down has one upstream: then what one of them is sent comes from nowhere else, and
// packets are best sent as they are and in order.
func (m *Window) sole() bool {
	ups := 0
	for _, u := range m.ups {
		if u.carries {
			ups++
		}
	}
	if ups > 1 {
		return false
	}
	for _, v := range m.downs {
		if v.live() && !v.sole {
			return false
		}
	}
	return true
}
