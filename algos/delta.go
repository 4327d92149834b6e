package algos

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/valyala/bytebufferpool"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Reports that say what has changed since the one before. Whoever asks says which report he has;
// a node that remembers it answers with the parts that are others now, every other with a whole
// report. A part is a field of Status: most of a report stands still from poll to poll, and the
// lists of lanes change as wholes.

// StatusAsk is the payload of a request from somebody who keeps the last report. A request without
// one is answered with a whole report.
type StatusAsk struct {
	Session uint64        `cbor:"s"`               // drawn by who asks; with another one the node begins anew
	Base    uint64        `cbor:"base,omitempty"`  // number of the report that he has; 0: none
	Every   time.Duration `cbor:"every,omitempty"` // ns between two requests
}

// StatusDelta is what has changed since a report. In a report with one, nothing else counts but
// who reports, and when.
type StatusDelta struct {
	Base uint64      `cbor:"base"` // number of the report that it changes
	Set  uint64      `cbor:"set"`  // bit i: part i (statusParts) is what Part says
	Part statusPatch `cbor:"part"`
}

// Apply makes a report the one that a delta leads to. The delta is of no use afterwards. Errors wrap
// ErrMalformed; the report is then as it was.
func (d *StatusDelta) Apply(s *Status, now time.Duration) error {
	if d.Set>>len(statusParts) != 0 {
		return fmt.Errorf("status: %w: a part that no report has (%#x)", ErrMalformed, d.Set)
	}
	part := Status(d.Part)
	for i := range statusParts {
		if d.Set>>i&1 != 0 {
			statusParts[i].move(s, &part)
		}
	}
	s.Now = now
	return nil
}

// statusPart is a field of a report that changes by itself.
type statusPart struct {
	same func(a, b *Status) bool
	move func(to, from *Status)
}

// statusParts are all fields but those that say who reports, when, and of which report this is one.
// Their order is that of the bits in StatusDelta.Set: parts are added at the end only.
var statusParts = [...]statusPart{
	value(func(s *Status) *int { return &s.Upstreams }), list(func(s *Status) *[]StatusUp { return &s.Upstream }),
	value(func(s *Status) *int { return &s.Downstreams }), list(func(s *Status) *[]StatusDown { return &s.Downstream }),
	value(func(s *Status) *int { return &s.Held }),
	value(func(s *Status) *uint64 { return &s.InRate }), value(func(s *Status) *uint64 { return &s.OutRate }),
	value(func(s *Status) *StatusLoss { return &s.LostOut }), value(func(s *Status) *StatusLoss { return &s.LostIn }),
	value(func(s *Status) *int { return &s.Apps }), list(func(s *Status) *[]StatusSession { return &s.Sessions }),
	value(func(s *Status) *int { return &s.Hosts }), value(func(s *Status) *int { return &s.Suspects }),
	value(func(s *Status) *uint64 { return &s.Consumed }), value(func(s *Status) *uint64 { return &s.Unhandled }),
	value(func(s *Status) *uint64 { return &s.Bad }), value(func(s *Status) *uint64 { return &s.Refused }),
	list(func(s *Status) *cbor.RawMessage { return &s.Extra }),
	value(func(s *Status) *string { return &s.Name }), value(func(s *Status) *string { return &s.Group }),
	value(func(s *Status) *string { return &s.Algorithm }), optional(func(s *Status) **Place { return &s.Place }),
	optional(func(s *Status) **StatusCaps { return &s.Caps }), optional(func(s *Status) **StatusProcess { return &s.Process }),
	table(func(s *Status) *map[string]float64 { return &s.Metrics }), table(func(s *Status) *map[string]string { return &s.States }),
	optional(func(s *Status) **core.NodeID { return &s.Via }),
}

func partOf[T any](at func(*Status) *T, same func(a, b T) bool) statusPart {
	return statusPart{
		same: func(a, b *Status) bool { return same(*at(a), *at(b)) },
		move: func(to, from *Status) { *at(to) = *at(from) },
	}
}

func value[T comparable](at func(*Status) *T) statusPart {
	return partOf(at, func(a, b T) bool { return a == b })
}

func list[S ~[]E, E comparable](at func(*Status) *S) statusPart { return partOf(at, slices.Equal[S]) }

func table[M ~map[string]V, V comparable](at func(*Status) *M) statusPart {
	return partOf(at, maps.Equal[M, M])
}

func optional[T comparable](at func(*Status) **T) statusPart {
	return partOf(at, func(a, b *T) bool { return a == b || a != nil && b != nil && *a == *b })
}

// changed is what makes one report the other.
func changed(was, is *Status) (d StatusDelta) {
	var part Status
	for i := range statusParts {
		if !statusParts[i].same(was, is) {
			d.Set |= 1 << i
			statusParts[i].move(&part, is)
		}
	}
	d.Part = statusPatch(part)
	return d
}

// deltaReport is a report with a delta, without the fields that do not count in it.
type deltaReport struct {
	Version int           `cbor:"v"`
	Node    core.NodeID   `cbor:"node"`
	Now     time.Duration `cbor:"now"`
	Number  uint64        `cbor:"n"`
	Delta   StatusDelta   `cbor:"delta"`
}

// pastReports is what a node remembers of its reports.
type pastReports struct {
	told   []told // to observers that keep the last one, those last who asked last
	shared shared
}

// told is what somebody was told who keeps the last report.
type told struct {
	asker   core.NodeID
	session uint64
	last    Status
}

// toldTo is what an asker was told; nil: nothing, or in another session.
func (b *Base) toldTo(asker core.NodeID, session uint64) *told {
	if b.past == nil {
		return nil
	}
	list := b.past.told
	if i := slices.IndexFunc(list, func(t told) bool { return t.asker == asker }); i >= 0 && list[i].session == session {
		return &list[i]
	}
	return nil
}

// remember keeps a report that an asker was told. Those who asked longest ago are forgotten.
func (b *Base) remember(asker core.NodeID, session uint64, s *Status) {
	if b.past == nil {
		b.past = new(pastReports)
	}
	p := b.past
	p.told = slices.DeleteFunc(p.told, func(t told) bool { return t.asker == asker })
	if len(p.told) == maxTold {
		p.told = slices.Delete(p.told, 0, 1)
	}
	p.told = append(p.told, told{asker, session, *s})
}

// answerTo appends the report for somebody who keeps the last one: what has changed if he has that
// one, else all. It reports whether there is one that fits into a message.
func (b *Base) answerTo(buf *bytebufferpool.ByteBuffer, asker core.NodeID, ask *StatusAsk) bool {
	s := b.Status()
	b.leaveOut(&s)
	s.Number = 1
	if was := b.toldTo(asker, ask.Session); was != nil {
		s.Number = was.last.Number + 1
		if ask.Base == was.last.Number {
			d := changed(&was.last, &s)
			d.Base = ask.Base
			if encodeTo(buf, &deltaReport{StatusVersion, s.Node, s.Now, s.Number, d}); len(buf.B) <= b.capacity() {
				b.remember(asker, ask.Session, &s)
				return true
			}
			buf.Reset()
		}
	}
	if !b.encodeWhole(buf, &s) {
		return false
	}
	b.remember(asker, ask.Session, &s)
	return true
}

// encodeWhole appends a report, shortened until it fits.
func (b *Base) encodeWhole(buf *bytebufferpool.ByteBuffer, s *Status) bool {
	for encodeTo(buf, s); len(buf.B) > b.capacity(); encodeTo(buf, s) {
		if !s.shorten() {
			b.unhandled++ // the maximum payload is too small for any report
			return false
		}
		buf.Reset()
	}
	return true
}

// leaveOut takes the lanes to and from observers out of a report: they carry reports, so they would
// change with each.
func (b *Base) leaveOut(s *Status) {
	n := len(s.Upstream)
	s.Upstream = slices.DeleteFunc(s.Upstream, func(l StatusUp) bool {
		out := l.App == 0 && b.observedBy(l.From)
		if out {
			s.InRate -= min(s.InRate, l.Rate)
		}
		return out
	})
	s.Upstreams -= n - len(s.Upstream)
	n = len(s.Downstream)
	s.Downstream = slices.DeleteFunc(s.Downstream, func(l StatusDown) bool {
		out := l.App == 0 && b.observedBy(l.To)
		if out {
			s.OutRate -= min(s.OutRate, l.Rate)
		}
		return out
	})
	s.Downstreams -= n - len(s.Downstream)
}

// answerAsk is report for a request with a StatusAsk.
func (b *Base) answerAsk(m *core.Msg, ask *StatusAsk) {
	if !b.mayAnswer(m, 0) {
		return
	}
	buf := bytebufferpool.Get()
	defer bytebufferpool.Put(buf)
	if !b.answerTo(buf, m.From(), ask) {
		return
	}
	r := b.newFilled(wire.TypeStatus, 0, buf.B)
	r.SetSeq(m.Seq())
	b.Send(r, m.From())
}

// statusPatch is a Status on the wire as part of a delta: what is zero is left out.
type statusPatch struct {
	Version     int             `cbor:"v,omitempty"`
	Node        core.NodeID     `cbor:"-"`
	Now         time.Duration   `cbor:"-"`
	Upstreams   int             `cbor:"ups,omitempty"`
	Upstream    []StatusUp      `cbor:"up,omitempty"`
	Downstreams int             `cbor:"downs,omitempty"`
	Downstream  []StatusDown    `cbor:"down,omitempty"`
	Held        int             `cbor:"held,omitempty"`
	InRate      uint64          `cbor:"in_rate,omitempty"`
	OutRate     uint64          `cbor:"out_rate,omitempty"`
	LostOut     StatusLoss      `cbor:"lost_out,omitempty"`
	LostIn      StatusLoss      `cbor:"lost_in,omitempty"`
	Apps        int             `cbor:"apps,omitempty"`
	Sessions    []StatusSession `cbor:"sessions,omitempty"`
	Hosts       int             `cbor:"hosts,omitempty"`
	Suspects    int             `cbor:"suspects,omitempty"`
	Consumed    uint64          `cbor:"consumed,omitempty"`
	Unhandled   uint64          `cbor:"unhandled,omitempty"`
	Bad         uint64          `cbor:"bad,omitempty"`
	Refused     uint64          `cbor:"refused,omitempty"`
	Extra       cbor.RawMessage `cbor:"extra,omitempty"`

	Name      string             `cbor:"name,omitempty"`
	Group     string             `cbor:"group,omitempty"`
	Algorithm string             `cbor:"algorithm,omitempty"`
	Place     *Place             `cbor:"place,omitempty"`
	Caps      *StatusCaps        `cbor:"caps,omitempty"`
	Process   *StatusProcess     `cbor:"process,omitempty"`
	Metrics   map[string]float64 `cbor:"metrics,omitempty"`
	States    map[string]string  `cbor:"states,omitempty"`

	Number uint64        `cbor:"-"`
	Via    *core.NodeID  `cbor:"via,omitempty"`
	Delta  *StatusDelta  `cbor:"-"`
	Shared *StatusShared `cbor:"-"`
}
