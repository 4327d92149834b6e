package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/ioverlay/ioverlay/record"
)

// Server-sent events, for scripts: curl -N follows them. "update" is an update without its events, which follow as "event"
// one by one.

func (s *Server) sse(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	only := q.take("only")
	q.rest()
	if only != "" && only != "events" && only != "updates" {
		q.wrong("only %q: use events or updates", only)
	}
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	if !s.enter(w) {
		return
	}
	defer s.leave()
	next, end, err := s.updatesFrom(r.Context())
	if err != nil {
		s.failed(w, r, err)
		return
	}
	defer end()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		t, err := next(r.Context())
		if err != nil {
			return
		}
		// Whoever does not read is let go. Not every ResponseWriter has deadlines, as in tests.
		_ = out.SetWriteDeadline(time.Now().Add(s.o.WriteTimeout))
		if writeSSE(w, t, only) != nil || out.Flush() != nil {
			return
		}
	}
}

func writeSSE(w http.ResponseWriter, t told, only string) error {
	if t.dropped > 0 {
		if _, err := fmt.Fprintf(w, "event: dropped\ndata: {\"updates\":%d}\n\n", t.dropped); err != nil {
			return err
		}
	}
	if only != "events" {
		u := record.Update{T: t.u.T, Full: t.u.Full, Nodes: t.u.Nodes, Links: t.u.Links, States: t.u.States}
		if u.Full || len(u.Nodes)+len(u.Links)+len(u.States) > 0 {
			if _, err := fmt.Fprintf(w, "event: update\ndata: %s\n\n", u.AppendJSON(nil)); err != nil {
				return err
			}
		}
	}
	if only == "updates" {
		return nil
	}
	for i := range t.u.Events {
		if _, err := fmt.Fprintf(w, "event: event\ndata: %s\n\n", t.u.Events[i].AppendJSON(nil)); err != nil {
			return err
		}
	}
	return nil
}
