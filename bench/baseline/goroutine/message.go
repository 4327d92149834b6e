package goroutine

import (
	"sync"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

// message is one frame, header and payload next to each other. It has one owner at a time: whoever took it from a
// pool or a channel.
type message struct {
	frame []byte
	home  *pool
}

func (m *message) payload() []byte { return m.frame[traffic.HeaderBytes:] }

func (m *message) release() { m.home.put(m) }

// pool keeps messages for reuse. It is safe for concurrent use.
type pool struct{ spare sync.Pool }

// newPool returns a pool of messages for frames of frameBytes; prepare is called on each new one.
func newPool(frameBytes int, prepare func(*message)) *pool {
	p := new(pool)
	p.spare.New = func() any {
		m := &message{frame: make([]byte, frameBytes), home: p}
		prepare(m)
		return m
	}
	return p
}

func (p *pool) get() *message { return p.spare.Get().(*message) }

func (p *pool) put(m *message) { p.spare.Put(m) }
