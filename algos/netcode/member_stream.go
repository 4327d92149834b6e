package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Which stream a member is in. The first hello says so; another stream takes its place only
// if it proves to be the session's: see admits.

// mayBring reports whether a node is one that this one takes the session from.
func (m *member[U, D]) mayBring(id core.NodeID) bool {
	return !id.IsZero() && (m.named == nil || slices.Contains(m.named, id))
}

// meet takes a hello: an upstream says which stream it brings. If that is, or becomes, this node's, and it does not know where it stands,
// adopt begins with it. It reports whether another stream's place was taken, or this one may not take it.
func (m *member[U, D]) meet(u *above, id streamID, stale time.Duration, adopt func()) (replaced, refused bool) {
	if id.source == m.id.source || !m.known {
		m.seen = max(m.seen, id.epoch)
	}
	switch {
	case m.known && id.is(m.id):
		m.id.epoch = max(m.id.epoch, id.epoch)
		if m.fresh && m.useful() {
			adopt()
		}
	case m.admits(u.id, id, stale):
		replaced = m.known
		adopt()
		m.fresh = m.resting
	default:
		return false, true
	}
	m.carries(u)
	return replaced, false
}

// admits reports whether a stream may take the place of the one that this node is in:
//
//   - a newer one of the same source, from an upstream that is the session's: one that is
//     named as such, or, if none are, one that has brought the present stream,
//     or the source itself;
//   - any, if the present one is over as far as can be told: no upstream has brought
//     anything of it for a while.
//
// An older one of the same source is not: its source is told, and takes a higher epoch if it
// is alive.
func (m *member[U, D]) admits(from core.NodeID, id streamID, stale time.Duration) bool {
	if !m.known || m.Now()-m.heardAt > stale {
		return true
	}
	if id.source != m.id.source || id.epoch <= m.id.epoch {
		return false
	}
	return m.named != nil || slices.Contains(m.carriers, from) || from == id.source
}

// enter notes that this node is in a stream, and knows where that stands.
func (m *member[U, D]) enter(id streamID) {
	if !id.is(m.id) {
		m.carriers = m.carriers[:0]
	}
	m.known, m.fresh, m.id = true, false, id
	m.seen = max(m.seen, id.epoch)
	m.heardAt, m.tell = m.Now(), true
}

// carries notes that an upstream is in this node's stream.
func (m *member[U, D]) carries(u *above) {
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
func (m *member[U, D]) refute(seen uint64) {
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
		v.down().hello = true
	}
	m.wake()
}

// useful reports whether this node, or one below it, has use for the stream.
func (m *member[U, D]) useful() bool {
	if m.receives || m.begun {
		return true
	}
	for _, v := range m.downs {
		if v.down().live() {
			return true
		}
	}
	return false
}

// rest ends this node's part in the stream when nobody needs it: else what it lacks would
// hold up everybody's window. It tells its upstreams, and begins anew where they are by
// then if somebody comes who does. It reports whether it has come to rest just now.
func (m *member[U, D]) rest() bool {
	useful := m.useful()
	if useful != m.resting {
		return false
	}
	m.resting, m.tell = !useful, true
	m.fresh = m.fresh || m.resting
	return m.resting
}

// staleAfter is for how long a stream has to be silent before another one, of which
// nothing is known, may take its place. Longer than what links are silent for when packets
// are slow or lost.
const staleAfter = 2 * time.Second

// maxCarriers bounds the upstreams that are remembered as the session's.
const maxCarriers = 64
