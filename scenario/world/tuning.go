package world

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// tuning is how the buffers of a world's nodes are set; zero values leave them as they
// are. It crosses to a process of its own as JSON.
type tuning struct {
	Messages int `json:"messages,omitempty"` // of Payload bytes each
	Payload  int `json:"payload,omitempty"`
	Bytes    int `json:"bytes,omitempty"` // or so many bytes
}

func tuningOf(p *spec.Plan) tuning {
	t := tuning{Messages: p.BufferMsgs, Bytes: p.BufferBytes}
	if t.Messages > 0 {
		for _, a := range p.Apps {
			t.Payload = max(t.Payload, a.Payload)
		}
	}
	return t
}

// engine sets an engine's options. The kernel's buffers and what is read at once must
// be as small as the queues, or messages would wait there instead and back-pressure
// would come late.
func (t tuning) engine(seed uint64) engine.Options {
	o := engine.Options{Seed: seed}
	switch {
	case t.Messages > 0:
		o.Buffers = engine.Buffers{Messages: t.Messages, Payload: t.Payload}
	case t.Bytes > 0:
		o.Core.QueueBytes, o.ReadBytes = t.Bytes, t.Bytes
		o.SocketBytes = max(t.Bytes/2, 1) // the kernel doubles it
	default:
		// What the documents say, and not what suits this machine: a run means the same on another.
		o.Core.QueueBytes, o.ReadBytes = core.DefaultQueueBytes, core.DefaultQueueBytes
		o.SocketBytes = 2 * core.DefaultQueueBytes
	}
	return o
}

// core sets a switch in the same way.
func (t tuning) core() core.Config {
	if t.Messages > 0 {
		return core.Config{QueueMsgs: t.Messages, QueueBytes: t.Messages * (wire.HeaderSize + t.Payload)}
	}
	return core.Config{QueueBytes: t.Bytes}
}
