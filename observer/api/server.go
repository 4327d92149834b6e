package api

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/ioverlay/ioverlay/observer"
)

// Options of a server; the zero value serves a Source read-write to programs and pages of this host, without a page.
type Options struct {
	// Page is the built page, with index.html at its root; nil serves a plain list of the API instead.
	Page fs.FS

	// Token, if set, is what whoever asks must show, as a bearer token or to /api/v1/login for a cookie.
	Token string

	// Hosts are names, without a port, that may stand in the Host header beside localhost and IP addresses. A page of
	// another site that has made its name point here (DNS rebinding) names its own.
	Hosts []string

	// Twin, if not nil, is shown beside the Source: it answers under /api/v1/twin/ what can be asked of the past. Two
	// recordings are compared on one page by it.
	Twin Source

	// ReadOnly refuses all control.
	ReadOnly bool

	// TLS says that the server is reached by HTTPS, so that cookies are sent that way only.
	TLS bool

	// Log gets what goes wrong; nil is silence.
	Log *slog.Logger

	// RequestsPerSecond and Burst bound what one address may ask for, 0 means 200 and 400. WriteTimeout is how long a
	// reader of the WebSocket may take for one message, 0 means 10 s. Streams is how many may follow at a time, 0 means 64.
	RequestsPerSecond float64
	Burst             int
	WriteTimeout      time.Duration
	Streams           int

	// Collect, if set, are further figures for /metrics.
	Collect func() []Figure
}

// Server answers. It is an http.Handler, safe for concurrent use.
type Server struct {
	o       Options
	src     Source
	handler http.Handler
	guard   *guard
	streams chan struct{}
	prom    http.Handler
}

//go:embed openapi.json
var openAPI []byte

// New makes a server of a source.
func New(src Source, o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.RequestsPerSecond == 0 {
		o.RequestsPerSecond = 200
	}
	if o.Burst == 0 {
		o.Burst = 400
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 10 * time.Second
	}
	if o.Streams == 0 {
		o.Streams = 64
	}
	s := &Server{o: o, src: src, guard: newGuard(o), streams: make(chan struct{}, o.Streams)}
	s.prom = s.prometheus()
	mux := http.NewServeMux()
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /api/v1/meta":         s.meta,
		"GET /api/v1/snapshot":     s.snapshot,
		"GET /api/v1/updates":      s.updates,
		"GET /api/v1/events":       s.events,
		"GET /api/v1/states":       s.states,
		"GET /api/v1/series":       s.series,
		"GET /api/v1/transfers":    s.transfers,
		"GET /api/v1/log":          s.log,
		"GET /api/v1/export":       s.export,
		"GET /api/v1/stream":       s.stream,
		"GET /api/v1/sse":          s.sse,
		"POST /api/v1/control":     s.control,
		"GET /api/v1/recording":    s.recording,
		"POST /api/v1/recording":   s.record,
		"POST /api/v1/login":       s.guard.login,
		"GET /api/v1/openapi.json": asJSON(openAPI),
		"GET /metrics":             s.prom.ServeHTTP,
		"GET /healthz":             health,
		"/api/":                    notFound,
	} {
		mux.HandleFunc(pattern, h)
	}
	s.twin(mux)
	page := s.page()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			notFound(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
	s.handler = s.guard.around(mux)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func health(w http.ResponseWriter, _ *http.Request) { say(w, map[string]bool{"ok": true}) }

func notFound(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, fmt.Sprintf("there is nothing to %s at %s: see /api/v1/openapi.json", r.Method, r.URL.Path))
}

func asJSON(text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // whoever asked has gone
	}
}

// say answers with JSON.
func say(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, "the answer cannot be written as JSON: "+err.Error())
		return
	}
	asJSON(b)(w, nil)
}

// fail answers with what was wrong.
func fail(w http.ResponseWriter, code int, what string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	b, _ := json.Marshal(map[string]string{"error": what}) // a text never fails
	_, _ = w.Write(b)                                      // whoever asked has gone
}

// failed answers with an error: the asker's if it is one, or else this side's, which is logged.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	var bad *badRequest
	switch {
	case errors.As(err, &bad), errors.Is(err, observer.ErrCommand):
		fail(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, ErrNoHistory):
		fail(w, http.StatusNotFound, err.Error())
	case errors.Is(err, ErrNotNow):
		fail(w, http.StatusConflict, err.Error())
	case errors.Is(err, ErrRefused):
		fail(w, http.StatusForbidden, err.Error())
	case r.Context().Err() != nil:
	default:
		s.o.Log.Error("a request failed", "path", r.URL.Path, "err", err)
		fail(w, http.StatusInternalServerError, err.Error())
	}
}

// badRequest is a mistake of whoever asked.
type badRequest struct{ what string }

func (b *badRequest) Error() string { return b.what }

func bad(format string, args ...any) error { return &badRequest{fmt.Sprintf(format, args...)} }
