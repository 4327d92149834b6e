package world

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// tuning is how the engine of a live or proc world is set. It crosses to a process
// of its own as JSON.
type tuning struct {
	QueueMsgs   int `json:"queue_msgs,omitempty"`
	QueueBytes  int `json:"queue_bytes,omitempty"`
	SocketBytes int `json:"socket_bytes,omitempty"`
	ReadBytes   int `json:"read_bytes,omitempty"`
}

// leastSocketBytes is about the least that the kernel gives.
const leastSocketBytes = 8 << 10

// tuningOf follows the scenario's buffers. The kernel's buffers and what is read at
// once must be as small as the queues, or a message would wait there instead, and
// back-pressure would come late.
func tuningOf(p *spec.Plan) tuning {
	t := tuning{QueueMsgs: p.BufferMsgs, QueueBytes: p.BufferBytes}
	bytes := p.BufferBytes
	if p.BufferMsgs > 0 {
		frame := 0
		for _, a := range p.Apps {
			frame = max(frame, wire.HeaderSize+a.Payload)
		}
		if inMsgs := p.BufferMsgs * frame; inMsgs > 0 && (bytes == 0 || inMsgs < bytes) {
			bytes = inMsgs
		}
	}
	if bytes > 0 && bytes < core.DefaultQueueBytes {
		t.SocketBytes = max(bytes, leastSocketBytes)
		t.ReadBytes = t.SocketBytes
	}
	return t
}

func (t tuning) options(seed uint64) engine.Options {
	return engine.Options{
		Core:        core.Config{QueueMsgs: t.QueueMsgs, QueueBytes: t.QueueBytes},
		SocketBytes: t.SocketBytes,
		ReadBytes:   t.ReadBytes,
		Seed:        seed,
	}
}
