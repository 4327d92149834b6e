package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// countdown is a context that ends when it has been asked so many times whether it has.
type countdown struct {
	context.Context
	left atomic.Int64
	end  context.CancelFunc
}

func newCountdown(t *testing.T, asked int64) *countdown {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := &countdown{Context: ctx, end: cancel}
	c.left.Store(asked)
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context.Err()
}

// A measurement that is interrupted measures the connections that there are, or none.
func TestFootprintInterrupted(t *testing.T) {
	s := FootprintSpec{Connections: 10, PayloadBytes: 1000, Buffer: 2, Duration: time.Hour}
	r, err := Footprint(newCountdown(t, 3), s)
	if err != nil || r.Connections != 3 || !r.Interrupted || r.UserBytes == 0 || r.SlabBytes == 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if r, err = Footprint(newCountdown(t, 0), s); !errors.Is(err, context.Canceled) || r.Connections != 0 {
		t.Errorf("%v, %+v", err, r)
	}
	s.Connections, s.Duration = 2, time.Millisecond
	if r, err = Footprint(t.Context(), s); err != nil || r.Connections != 2 || r.Interrupted {
		t.Errorf("%v, %+v", err, r)
	}
}
