package world

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// shortage listens to what an engine logs, for what no algorithm is told: that a
// connection could not be accepted, watched or opened for want of descriptors, memory or
// ports. Links are missing then, and a run that goes on all the same must say so. It is
// safe for concurrent use.
type shortage struct {
	mu    sync.Mutex
	nodes map[core.NodeID]uint64 // how often, by node
}

// short are the errors of a machine that has no more.
var short = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.ENOSPC, // descriptors, memory, watches
	syscall.EADDRNOTAVAIL, // ports
}

// listen makes an engine's options report to a new shortage.
func listen(o *engine.Options) *shortage {
	s := &shortage{nodes: make(map[core.NodeID]uint64)}
	o.Log = slog.New(s)
	return s
}

// take is how often a node was short since it was asked last.
func (s *shortage) take(id core.NodeID) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[id]
	delete(s.nodes, id)
	return n
}

// Enabled implements slog.Handler: failed dials are logged for debugging.
func (s *shortage) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (s *shortage) Handle(_ context.Context, r slog.Record) error {
	var node core.NodeID
	isShort := false
	r.Attrs(func(a slog.Attr) bool {
		switch v := a.Value.Any().(type) {
		case core.NodeID:
			if a.Key == "node" {
				node = v
			}
		case error:
			for _, err := range short {
				isShort = isShort || errors.Is(v, err)
			}
		}
		return true
	})
	if isShort {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.nodes[node]++
	}
	return nil
}

// WithAttrs and WithGroup implement slog.Handler; an engine uses neither.
func (s *shortage) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler.
func (s *shortage) WithGroup(string) slog.Handler { return s }
