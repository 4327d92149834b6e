package api

import "net/http"

// recording says whether what is shown is recorded.
func (s *Server) recording(w http.ResponseWriter, _ *http.Request) {
	var is Recording
	if r, can := s.src.(Recorder); can {
		is = r.Recording()
	}
	is.Can = is.Can && !s.o.ReadOnly
	say(w, is)
}

// record begins or ends a recording.
func (s *Server) record(w http.ResponseWriter, r *http.Request) {
	rec, can := s.src.(Recorder)
	switch {
	case !can:
		fail(w, http.StatusForbidden, "this is a recording already: what it shows is over")
		return
	case s.o.ReadOnly:
		fail(w, http.StatusForbidden, "this observer was started with --read-only: recordings are not begun or ended over HTTP")
		return
	}
	var ask struct {
		Action string `json:"action"`
	}
	err := decode(r, &ask)
	var is Recording
	if err == nil {
		switch ask.Action {
		case "start":
			is, err = rec.StartRecording(r.Context(), by(r))
		case "stop":
			is, err = rec.StopRecording(r.Context(), by(r))
		default:
			err = bad("the action %.40q: use start or stop", ask.Action)
		}
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	say(w, is)
}
