// Package api serves an overlay to pages and programs over HTTP: one vocabulary (package record) whether it is live, was
// recorded, or ran in virtual time. docs/observer.md describes it for people, and openapi.json, which it serves, for programs.
//
//	source.go     what it serves: a Source, which may be Live and a Controller
//	server.go     the routes; serve.go the listener around them
//	guard.go      who may ask: Host, Origin, token, rates; session.go cookies
//	read.go       REST: snapshots, updates, events, series
//	control.go    REST: orders; recording.go recordings of what is shown
//	stream.go     the WebSocket; sse.go server-sent events
//	show.go       what of an update a page wants to see
//	export.go     DOT, CSV and JSON lines
//	prometheus.go figures for Prometheus
//
// What a Source says is data from strangers. It leaves here as JSON or text with its own media type, which browsers are
// told not to take for anything else.
package api
