package soak

import (
	"time"

	"github.com/ioverlay/ioverlay/core/engine"
)

// Books are the messages of all nodes that ever were, as their algorithms and their
// switches have counted them.
type Books struct {
	Sent      uint64 `json:"sent"`
	Received  uint64 `json:"received"`
	Lost      uint64 `json:"lost"`
	Delivered uint64 `json:"delivered"` // of the received, data at the end of its path
}

// Balance is how many messages are missing; below 0, how many were counted twice.
func (b Books) Balance() int64 { return int64(b.Sent) - int64(b.Received) - int64(b.Lost) }

func (b *Books) add(o Books) {
	b.Sent += o.Sent
	b.Received += o.Received
	b.Lost += o.Lost
	b.Delivered += o.Delivered
}

// life is a node from its start to its end.
type life struct {
	node  *engine.Node
	alg   *walker
	ended time.Time // zero while it lives
}

// closed is after how long a life that has ended has heard all of its last words: a sending
// end waits half a minute for a peer that takes nothing more.
const closed = 40 * time.Second

// books is what a life has counted, now.
func (l *life) books() Books {
	s, _ := l.node.Stats() // the last ones if it has ended; that is the error
	return Books{
		Sent:      l.alg.sent.Load() + s.Own.Sent - s.Own.Lost,
		Received:  l.alg.received.Load() + s.Own.Taken,
		Lost:      s.Lost.OutMsgs + s.Lost.InMsgs + s.Lost.EmulMsgs, // not SourceMsgs: no algorithm sent those
		Delivered: l.alg.delivered.Load(),
	}
}
