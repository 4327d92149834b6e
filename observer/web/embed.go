// Package web is the observer's page as files: what Vite built from this folder's TypeScript, embedded, so that a
// program needs neither Node nor a folder beside it. `make web` builds dist anew, `make web-check` says whether dist
// is what the source gives.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the page: index.html, assets/ whose names carry a hash of their content (so they may be cached for
// ever), and favicon.svg. The page asks for /api/v1 on the server that it came from, and for nothing else.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: dist is not embedded: " + err.Error()) // the embed directive above would not have compiled
	}
	return files
}
