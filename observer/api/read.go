package api

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/record"
)

// Bounds of one answer.
const (
	maxUpdateBytes = 8 << 20 // of updates; what follows is asked for anew
	maxEvents      = 100_000
	maxTransfers   = 1_000_000
	maxPoints      = 10_000
	maxLog         = 10_000
)

func (s *Server) metaOf(r *http.Request) (Meta, error) {
	m, err := s.src.Meta(r.Context())
	if err != nil {
		return m, err
	}
	if _, can := s.src.(Controller); !can || s.o.ReadOnly {
		m.ReadOnly, m.Control = true, nil
	}
	if m.Control == nil {
		m.Control = []string{}
	}
	m.Twin = s.o.Twin != nil
	return m, nil
}

func (s *Server) meta(w http.ResponseWriter, r *http.Request) {
	m, err := s.metaOf(r)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	say(w, m)
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	at := q.time("at", Latest)
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	u, err := s.src.Snapshot(r.Context(), at)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	asJSON(u.AppendJSON(nil))(w, r)
}

// updates answers with as many as fit, and says from where to go on.
func (s *Server) updates(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	from, to := q.time("from", 0), q.time("to", Latest)
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	b := []byte(`{"updates":[`)
	more, cut := false, false
	var last record.Time
	err := s.src.Updates(r.Context(), from, to, func(u *record.Update) bool {
		if more {
			if len(b) >= maxUpdateBytes && u.T > last {
				cut = true
				return false
			}
			b = append(b, ',')
		}
		b = u.AppendJSON(b)
		more, last = true, u.T
		return true
	})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	b = append(b, ']')
	if cut {
		b = last.AppendJSON(append(b, `,"next":`...))
	}
	asJSON(append(b, '}'))(w, r)
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	from, to, limit := q.time("from", 0), q.time("to", Latest), q.number("limit", maxEvents, 1, maxEvents)
	kind := q.take("kind")
	node, byNode := q.node("node")
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	var all []record.Event
	cut := false
	err := s.src.Events(r.Context(), from, to, func(e *record.Event) bool {
		n, ofNode := e.Node.Index()
		p, ofPeer := e.Peer.Index()
		if kind != "" && !strings.Contains(","+kind+",", ","+e.Kind+",") || byNode && !(ofNode && n == node || ofPeer && p == node) {
			return true
		}
		if len(all) == limit {
			cut = true
			return false
		}
		all = append(all, *e)
		return true
	})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	list(w, "events", all, cut)
}

func (s *Server) states(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	from, to, limit := q.time("from", 0), q.time("to", Latest), q.number("limit", maxEvents, 1, maxEvents)
	name := q.take("name")
	node, byNode := q.node("node")
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	var all []record.State
	cut := false
	err := s.src.States(r.Context(), from, to, func(st *record.State) bool {
		if name != "" && name != st.Name || byNode && node != st.Node {
			return true
		}
		if len(all) == limit {
			cut = true
			return false
		}
		all = append(all, *st)
		return true
	})
	if err != nil {
		s.failed(w, r, err)
		return
	}
	list(w, "states", all, cut)
}

// list answers with a list, and says if it was cut.
func list[T any](w http.ResponseWriter, name string, all []T, cut bool) {
	if all == nil {
		all = []T{}
	}
	answer := map[string]any{name: all}
	if cut {
		answer["cut"] = true
	}
	say(w, answer)
}

func (s *Server) series(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	sq := SeriesQuery{Field: q.take("field"), From: q.time("from", 0), To: q.time("to", Latest), Points: q.number("points", 600, 2, maxPoints)}
	kind, key := q.take("kind"), q.take("key")
	q.rest()
	if q.err == nil {
		q.err = sq.of(kind, key)
	}
	if q.err == nil && sq.Field == "" {
		q.err = bad("which field? field is a path such as in, queued.msgs or apps.1.rate")
	}
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	got, err := s.src.Series(r.Context(), sq)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	b := []byte(`{"t":[`)
	for i, t := range got.T {
		b = t.AppendJSON(comma(b, i))
	}
	b = append(b, `],"v":[`...)
	for i, v := range got.V {
		b = record.AppendNumber(comma(b, i), v)
	}
	asJSON(append(b, `]}`...))(w, r)
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

// of reads what a series is of.
func (q *SeriesQuery) of(kind, key string) error {
	index := func(text string) (uint32, error) {
		i, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return 0, bad("key %q: a node is an index such as 3, a link two such as 3-5", key)
		}
		return uint32(i), nil
	}
	var err error
	switch kind {
	case "node":
		q.Node, err = index(key)
	case "link":
		f, t, _ := strings.Cut(key, "-")
		q.Link = true
		if q.Node, err = index(f); err == nil {
			q.Peer, err = index(t)
		}
	default:
		err = bad("kind %q: use node or link", kind)
	}
	return err
}

func (s *Server) transfers(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	from, to, limit := q.time("from", 0), q.time("to", Latest), q.number("limit", 100_000, 1, maxTransfers)
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	all, err := s.src.Transfers(r.Context(), from, to, limit)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(all.AppendColumns(nil)) // whoever asked has gone
}

func (s *Server) log(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	limit := q.number("limit", 1000, 1, maxLog)
	q.rest()
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	lines, err := s.src.Log(r.Context(), limit)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	list(w, "lines", lines, false)
}
