package api

import (
	"net"
	"net/http"

	"github.com/ioverlay/ioverlay/observer"
)

// controlAnswer is what became of a command, and how to give it on a command line.
type controlAnswer struct {
	Results []observer.Result `json:"results"`
	Command string            `json:"command"`
}

func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	c, can := s.src.(Controller)
	switch {
	case !can:
		fail(w, http.StatusForbidden, "this is a recording: what it shows is over, and takes no orders")
		return
	case s.o.ReadOnly:
		fail(w, http.StatusForbidden, "this observer was started with --read-only and gives no orders")
		return
	}
	var cmd observer.Command
	if err := decode(r, &cmd); err != nil {
		s.failed(w, r, err)
		return
	}
	results, err := c.Control(r.Context(), &cmd, by(r))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if results == nil {
		results = []observer.Result{}
	}
	say(w, controlAnswer{results, cmd.CommandLine() + " --observer " + s.url(r)})
}

// by is who asked: where from, and with what.
func by(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	what := "api"
	switch {
	case r.Header.Get("X-Ioverlay-Client") == "ctl":
		what = "ctl"
	case r.Header.Get("Sec-Fetch-Mode") != "":
		what = "page"
	}
	return what + " at " + host
}

// url is the address that was asked.
func (s *Server) url(r *http.Request) string {
	scheme := "http://"
	if s.o.TLS {
		scheme = "https://"
	}
	return scheme + r.Host
}
