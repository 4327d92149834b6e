package api

import "net/http"

// twin serves the second source under /api/v1/twin/, which the guard takes for a part of the API: what can be asked of
// the past, and nothing that follows or orders.
func (s *Server) twin(mux *http.ServeMux) {
	if s.o.Twin == nil {
		return
	}
	t := &Server{o: s.o, src: s.o.Twin, guard: s.guard}
	t.o.ReadOnly, t.o.Twin = true, nil
	for what, h := range map[string]http.HandlerFunc{
		"meta": t.meta, "snapshot": t.snapshot, "updates": t.updates, "events": t.events, "states": t.states, "series": t.series,
		"transfers": t.transfers, "export": t.export,
	} {
		mux.HandleFunc("GET /api/v1/twin/"+what, h)
	}
}
