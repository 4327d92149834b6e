package api

import (
	"io/fs"
	"net/http"
	"strings"
)

// page serves the built page, or without one a list of what there is.
func (s *Server) page() http.Handler {
	if s.o.Page == nil {
		return http.HandlerFunc(plainPage)
	}
	if _, err := fs.Stat(s.o.Page, "index.html"); err != nil {
		s.o.Log.Warn("the page is not in this program: it was built without it", "err", err)
		return http.HandlerFunc(plainPage)
	}
	files := http.FileServerFS(s.o.Page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/assets/") { // their names change with what is in them
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	})
}

const plain = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>iOverlay observer</title>
<h1>iOverlay observer</h1>
<p>This program was built without the observer's page. What it serves:</p>
<ul>
<li><a href="/api/v1/openapi.json">/api/v1/openapi.json</a>: everything below, for programs
<li><a href="/api/v1/meta">/api/v1/meta</a>: what is observed
<li><a href="/api/v1/snapshot">/api/v1/snapshot</a>: nodes and links as they are now, or <code>?at=SECONDS</code>
<li><a href="/api/v1/events">/api/v1/events</a>: what happened
<li><a href="/api/v1/log">/api/v1/log</a>: trace lines and orders
<li><a href="/api/v1/export?format=dot">/api/v1/export?format=dot</a>: also csv and jsonl
<li>/api/v1/stream: a WebSocket; /api/v1/sse: server-sent events
<li><a href="/metrics">/metrics</a>: for Prometheus
</ul>
</html>
`

func plainPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(plain)) // whoever asked has gone
}
