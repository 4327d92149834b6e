package observer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/record"
)

// link is one of a node's links to others, as it was told last.
type link struct {
	shown record.Link
	gone  time.Duration // since when it is there no more; 0 while it is
}

func (m *member) findLink(to uint32) (int, bool) {
	return slices.BinarySearchFunc(m.links, to, func(l link, to uint32) int { return cmp.Compare(l.shown.T, to) })
}

// takeLinks shows the links that a report tells of. Those to nodes that nobody knows, and to observers, are none of the
// overlay's.
func (o *Observer) takeLinks(m *member, s *algos.Status) {
	now := o.gathered(m, s)
	lost := 0
	for i := range m.links {
		if l := &m.links[i]; l.gone == 0 {
			if _, there := slices.BinarySearchFunc(now, l.shown.T, byEnd); !there {
				lost++
				o.linkGone(m, l)
				o.tellLost(m, l, lost)
			}
		}
	}
	for i := range now {
		is := &now[i]
		k, there := m.findLink(is.T)
		up := is.Up.Or(false)
		if !there && !up {
			continue // a lane that is remembered after its link has gone, or never was
		}
		if !up {
			still(is) // a meter remembers for a while what went over it
		}
		if !there {
			if len(m.links) >= freeLinks && (len(m.links) >= maxLinks || o.links >= totalLinks) {
				o.drop(dropLinks)
				continue
			}
			m.links = slices.Insert(m.links, k, link{shown: record.Link{F: m.index, T: is.T}})
			o.links++
		}
		l := &m.links[k]
		was := l.shown.Up.Or(false)
		switch {
		case up:
			l.gone = 0
		case l.gone == 0:
			l.gone = max(o.Now(), 1)
		}
		if patch, changed := record.DiffLink(&l.shown, is); changed {
			o.pending.Links = append(o.pending.Links, patch)
			l.shown = *is
		}
		if was && !up {
			lost++
			o.tellLost(m, l, lost)
		}
	}
}

func (o *Observer) tellLost(m *member, l *link, count int) {
	if count > maxNews {
		o.drop(dropNews)
		return
	}
	if peer := o.members[l.shown.T]; peer != nil && !peer.up { // else it was closed because it was not needed, as like as not
		o.event(record.Event{Kind: record.EventTold, Node: record.To(m.index), Peer: record.To(l.shown.T),
			Text: fmt.Sprintf("its link to %s is gone", nameOf(peer))})
	}
}

func nameOf(m *member) string {
	if m.name != "" {
		return m.name
	}
	return m.id.String()
}

// linkGone shows that a link is there no more.
func (o *Observer) linkGone(m *member, l *link) {
	if l.gone == 0 {
		l.gone = max(o.Now(), 1)
	}
	is := l.shown
	is.Up, is.Blocked, is.Apps = record.Set(false), record.Set(false), nil
	still(&is)
	is.Queued = record.Queued{Msgs: record.Set(0.0), Bytes: record.Set(0.0)}
	if patch, changed := record.DiffLink(&l.shown, &is); changed {
		o.pending.Links = append(o.pending.Links, patch)
		l.shown = is
	}
}

// still says that nothing goes over a link that is down.
func still(l *record.Link) {
	l.Rate = record.Set(0.0)
	for i := range l.Apps {
		l.Apps[i].Rate = record.Set(0.0)
	}
}

// sweep forgets links that have been gone for long.
func (o *Observer) sweep(m *member) {
	for i := 0; i < len(m.links); {
		l := &m.links[i]
		if l.gone == 0 || o.Now()-l.gone < goneLinks {
			i++
			continue
		}
		o.pending.Links = append(o.pending.Links, record.Link{F: m.index, T: l.shown.T, Gone: true})
		m.links = slices.Delete(m.links, i, i+1)
		o.links--
	}
}

func byEnd(l record.Link, to uint32) int { return cmp.Compare(l.T, to) }

// gathered is the links of a report: the lanes to each node together.
func (o *Observer) gathered(m *member, s *algos.Status) (links []record.Link) {
	for i := range s.Downstream {
		d := &s.Downstream[i]
		to := o.byID[d.To]
		if to == nil || to == m {
			continue
		}
		k, there := slices.BinarySearchFunc(links, to.index, byEnd)
		if !there {
			if len(links) == maxLinks {
				o.drop(dropLinks)
				continue
			}
			links = slices.Insert(links, k, record.Link{F: m.index, T: to.index, Up: record.Set(false), Rate: record.Set(0.0), Blocked: record.Set(false)})
		}
		addLane(&links[k], d)
	}
	return links
}

// addLane adds one lane to its link.
func addLane(l *record.Link, d *algos.StatusDown) {
	queued := float64(max(d.QueuedMsgs, 0)) + float64(max(d.Waiting, 0))
	l.Up = record.Set(l.Up.Or(false) || d.Up)
	l.Rate = record.Set(l.Rate.Or(0) + float64(d.Rate))
	l.Blocked = record.Set(l.Blocked.Or(false) || d.Waiting > 0)
	l.Queued.Msgs = record.Set(l.Queued.Msgs.Or(0) + queued)
	l.Queued.Bytes = record.Set(l.Queued.Bytes.Or(0) + float64(max(d.QueuedBytes, 0)))
	lost := l.Lost.Or(record.Pair{})
	l.Lost = record.Set(record.Pair{lost[0] + float64(d.LostMsgs) + float64(d.EmulMsgs), lost[1] + float64(d.LostBytes) + float64(d.EmulBytes)})
	if d.RTT > 0 {
		// To a hundredth of itself: it is a mean that never stands still, and not to be told anew for less.
		l.RTT = record.Set(max(l.RTT.Or(0), rounded(d.RTT).Seconds()))
	}
	if d.Cap > 0 {
		l.Cap = record.Number(d.Cap)
	}
	if d.Latency > 0 {
		l.Latency = record.Set(d.Latency.Seconds())
	}
	if d.Jitter > 0 {
		l.Jitter = record.Set(d.Jitter.Seconds())
	}
	if d.Loss > 0 && d.Loss <= 1 {
		l.Loss = record.Set(d.Loss)
	}
	if d.App == 0 {
		return
	}
	i, there := slices.BinarySearchFunc(l.Apps, d.App, func(a record.App, id uint32) int { return cmp.Compare(a.ID, id) })
	if !there {
		if len(l.Apps) == maxApps {
			return
		}
		l.Apps = slices.Insert(l.Apps, i, record.App{ID: d.App})
	}
	a := &l.Apps[i]
	a.Rate = record.Set(a.Rate.Or(0) + float64(d.Rate))
	a.Queued = record.Set(a.Queued.Or(0) + queued)
}

// rounded is a duration to two digits.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit)
}
