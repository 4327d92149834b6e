package goroutine

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

// pacer lets a goroutine sleep until the next time of a schedule. It is a timerfd in the runtime's poller: the
// runtime's own timers wake an idle program up to a millisecond late, which is not the chain's latency.
type pacer struct{ timer *os.File }

func newPacer(s traffic.Schedule) (*pacer, error) {
	fd, err := traffic.OpenTimer(s)
	if err != nil {
		return nil, err
	}
	return &pacer{timer: os.NewFile(uintptr(fd), "timerfd")}, nil
}

// wait returns at the next time of the schedule, or at once after stop.
func (p *pacer) wait() error {
	var expirations [8]byte
	if _, err := p.timer.Read(expirations[:]); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("wait for a timerfd: %w", err)
	}
	return nil
}

// stop ends a wait; it may be called from any goroutine.
func (p *pacer) stop() error { return p.timer.SetReadDeadline(time.Unix(1, 0)) }

func (p *pacer) close() error { return p.timer.Close() }
