package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Which stream a node is in. The first hello says so; another stream takes its place only
// if it proves to be the session's: see admits.

// mayBring reports whether a node is one that this one takes the session from.
func (m *Multicast) mayBring(id core.NodeID) bool {
	return !id.IsZero() && (m.s.Upstreams == nil || slices.Contains(m.s.Upstreams, id))
}

// meet takes a hello: an upstream says which stream it brings, and where a newcomer begins.
func (m *Multicast) meet(u *upstream, start uint32, id streamID) {
	u.since = max(u.since, feedbackEvery) // it is answered
	if m.collect.begun {
		m.stats.Refused++ // a source has its own
		return
	}
	if id.source == m.id.source || !m.known {
		m.seen = max(m.seen, id.epoch)
	}
	switch {
	case m.known && id.is(m.id):
		m.id.epoch = max(m.id.epoch, id.epoch)
		if m.fresh && m.useful() {
			m.adopt(start, id)
		}
	case m.admits(u, id):
		if m.known {
			m.stats.Replaced++
		}
		m.adopt(start, id)
		m.fresh = m.resting
	default:
		m.stats.Refused++
		return
	}
	m.carries(u)
}

// admits reports whether a stream may take the place of the one that this node is in:
//
//   - a newer one of the same source, from an upstream that is the session's: one that is
//     named in Session.Upstreams, or, if none are, one that has brought the present stream,
//     or the source itself;
//   - any, if the present one is over as far as can be told: no upstream has brought
//     anything of it for a while.
//
// An older one of the same source is not: its source is told, and takes a higher epoch if it
// is alive.
func (m *Multicast) admits(u *upstream, id streamID) bool {
	if !m.known || m.silent() {
		return true
	}
	if id.source != m.id.source || id.epoch <= m.id.epoch {
		return false
	}
	return m.s.Upstreams != nil || slices.Contains(m.carriers, u.id) || u.id == id.source
}

// silent reports whether the stream has been silent for so long that another may begin.
func (m *Multicast) silent() bool { return m.Now()-m.heardAt > max(staleAfter, 4*m.period) }

// adopt begins with a stream at a generation, and forgets the one before.
func (m *Multicast) adopt(start uint32, id streamID) {
	for i := range m.slots {
		m.clear(&m.slots[i])
	}
	if !id.is(m.id) {
		m.carriers = m.carriers[:0]
	}
	m.known, m.fresh, m.id = true, false, id
	m.seen = max(m.seen, id.epoch)
	m.base, m.next, m.judged, m.period = start, start, start, 0
	m.heardAt = m.Now()
	for _, u := range m.ups {
		*u = upstream{id: u.id, seq: u.seq, horizon: start, cursor: start, latest: start, since: u.since, at: m.Now()}
	}
	for _, v := range m.downs {
		v.restart(start)
	}
	m.tell = true
	m.wake()
}

// carries notes that an upstream is in this node's stream.
func (m *Multicast) carries(u *upstream) {
	if u.carries {
		return
	}
	u.carries, u.at = true, m.Now()
	if !slices.Contains(m.carriers, u.id) && len(m.carriers) < maxCarriers {
		m.carriers = append(m.carriers, u.id)
	}
}

// refute raises the epoch of this node's own stream above one that was heard of: the stream
// that had it is from an earlier life. A relay passes on what it heard.
func (m *Multicast) refute(seen uint64) {
	if !m.collect.begun {
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
func (m *Multicast) useful() bool {
	if m.s.Deliver != nil || m.collect.begun {
		return true
	}
	for _, v := range m.downs {
		if !v.failed && !v.idle {
			return true
		}
	}
	return false
}

// rest ends this node's part in the stream when nobody needs it: else what it lacks would
// hold up everybody's window. It tells its upstreams, and begins anew where they are by
// then if somebody comes who does.
func (m *Multicast) rest() {
	useful := m.useful()
	if useful != m.resting {
		return
	}
	m.resting, m.tell = !useful, true
	if m.resting {
		m.fresh = true
		for i := range m.slots {
			m.clear(&m.slots[i])
		}
	}
}

// staleAfter is for how long a stream has to be silent before another one, of which
// nothing is known, may take its place. Longer than what links are silent for when packets
// are slow or lost.
const staleAfter = 2 * time.Second

// maxCarriers bounds the upstreams that are remembered as the session's.
const maxCarriers = 64
