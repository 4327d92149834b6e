package bench

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// FootprintSpec describes connections that carry traffic with small buffers, as
// in section 2.2 of the paper: 5 KB messages, buffers of 10.
type FootprintSpec struct {
	Connections  int           // all loaded at once, each between two nodes of its own
	PayloadBytes int           // in a message
	Buffer       int           // messages a buffer
	Duration     time.Duration // how long traffic flows before memory is read
	Full         bool          // receivers hold on to messages, so that every buffer is full
}

// FootprintResult is what an active connection costs.
type FootprintResult struct {
	Kind         string  `json:"kind"` // "footprint"
	Connections  int     `json:"connections"`
	PayloadBytes int     `json:"payload_bytes"`
	Buffer       int     `json:"buffer_messages"`
	Interrupted  bool    `json:"interrupted,omitempty"` // there were to be more connections, or they were to run longer
	Full         bool    `json:"full"`                  // every buffer was full; else receivers took messages at once
	Messages     uint64  `json:"messages"`              // delivered while it was measured
	UserBytes    float64 `json:"user_bytes_per_conn"`   // peak resident memory, both ends and both nodes
	SlabBytes    float64 `json:"slab_bytes_per_conn"`   // of UserBytes, what is in slabs
	KernelBytes  float64 `json:"kernel_bytes_per_conn"` // socket memory in use, both ends, as the kernel counts it
}

// Footprint measures in this process, which must have measured nothing before. When ctx ends it measures the connections
// that there are by then, if there are any, and says that it was interrupted. The result of an error has no connections.
func Footprint(ctx context.Context, s FootprintSpec) (FootprintResult, error) {
	r, err := footprint(ctx, s)
	if err != nil {
		return FootprintResult{}, err
	}
	return r, nil
}

func footprint(ctx context.Context, s FootprintSpec) (r FootprintResult, err error) {
	r = FootprintResult{Kind: "footprint", PayloadBytes: s.PayloadBytes, Buffer: s.Buffer, Full: s.Full}
	bytes := s.Buffer * (wire.HeaderSize + s.PayloadBytes)
	e, err := engine.New(engine.Options{
		SocketBytes: bytes, ReadBytes: bytes, ExpectNodes: 2 * s.Connections,
		Core: core.Config{QueueMsgs: s.Buffer, QueueBytes: bytes},
		Pool: bufpool.Options{SlabSize: bytes}, // a slab larger than a buffer would only lie idle
	})
	if err != nil {
		return r, err
	}
	defer e.Close()
	user0, err := resident()
	if err != nil {
		return r, err
	}
	kernel0, err := socketMemory()
	if err != nil {
		return r, err
	}
	var sinks []*brake
	var lasts []*engine.Node
	for i := 0; i < s.Connections && ctx.Err() == nil; i++ {
		sink := &brake{full: s.Full}
		last, err := connect(e, sink, s.PayloadBytes)
		if err != nil {
			return r, fmt.Errorf("connection %d of %d: %w", i+1, s.Connections, err)
		}
		sinks, lasts = append(sinks, sink), append(lasts, last)
	}
	r.Connections = len(sinks)
	r.Interrupted = pause(ctx, s.Duration) != nil // it has no other error
	if r.Connections == 0 {
		return r, context.Cause(ctx)
	}
	user1, err := statusBytes("VmRSS")
	if err != nil {
		return r, err
	}
	kernel1, err := socketMemory()
	if err != nil {
		return r, err
	}
	for i, n := range lasts {
		if err := n.Do(func(*core.Node) { r.Messages += sinks[i].seen }); err != nil {
			return r, err
		}
	}
	r.SlabBytes = float64(e.Pool().Stats().InUse) / float64(r.Connections)
	r.UserBytes = float64(user1-user0) / float64(r.Connections)
	r.KernelBytes = float64(kernel1-kernel0) / float64(r.Connections)
	return r, nil
}

// connect adds two nodes and a connection with back-to-back traffic.
func connect(e *engine.Engine, sink *brake, payload int) (*engine.Node, error) {
	last, err := e.AddNode(sink, engine.NodeOptions{})
	if err != nil {
		return nil, err
	}
	first, err := e.AddNode(relay.New(nil, last.ID()), engine.NodeOptions{})
	if err != nil {
		return nil, err
	}
	src := apps.NewBackToBack(apps.Stream{App: traffic.App, Payload: payload})
	return last, first.Do(func(n *core.Node) { n.AddSource(traffic.App, src) })
}

// brake is a sink of an algorithm. If full is set it holds each message until the
// next timer, so that everything upstream of it is always full.
type brake struct {
	relay.Relay
	full bool
	held []*core.Msg
	seen uint64
}

const brakeInterval = 10 * time.Millisecond

// Process implements core.Algorithm.
func (b *brake) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeData:
		b.seen++
		if !b.full {
			return core.Done
		}
		b.held = append(b.held, m)
		return core.Hold
	case wire.TypeStarted:
		if !b.full {
			break
		}
		b.After(brakeInterval, 1)
	case wire.TypeTimer:
		for _, h := range b.held {
			b.Release(h)
		}
		b.held = b.held[:0]
		b.After(brakeInterval, 1)
	}
	return core.Done
}

// socketMemory is the kernel's count of memory in TCP sockets, of the whole
// machine: nothing else may be using TCP.
func socketMemory() (int64, error) {
	const file = "/proc/net/sockstat"
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read the kernel's socket memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "TCP:" {
			continue
		}
		for i := 1; i+1 < len(fields); i += 2 {
			var pages int64
			if fields[i] == "mem" {
				if _, err := fmt.Sscan(fields[i+1], &pages); err != nil {
					return 0, fmt.Errorf("read the kernel's socket memory: %q in %s: %w", fields[i+1], file, err)
				}
				return pages * int64(os.Getpagesize()), nil
			}
		}
	}
	return 0, fmt.Errorf("read the kernel's socket memory: no TCP mem in %s", file)
}
