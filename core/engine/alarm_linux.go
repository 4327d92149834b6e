package engine

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// alarm wakes a loop at a time: a timerfd in its own poller, so that no other
// thread is woken on the way.
type alarm struct {
	loop *loop
	fd   int
}

func (a *alarm) open(lp *loop) (err error) {
	a.loop = lp
	if a.fd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return fmt.Errorf("timerfd: %w", err)
	}
	return lp.watch(a.fd, &lp.timers)
}

// set sets the alarm d from now, in place of any other time.
func (a *alarm) set(d time.Duration) { a.settime(max(d, 1)) }

// stop makes the alarm silent.
func (a *alarm) stop() { a.settime(0) }

func (a *alarm) settime(d time.Duration) {
	it := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if err := unix.TimerfdSettime(a.fd, 0, &it, nil); err != nil {
		panic(fmt.Sprintf("engine: timerfd_settime(%v): %v", d, err)) // only for arguments that are wrong
	}
}

// clear takes note that the alarm has gone off.
func (a *alarm) clear() {
	var buf [8]byte
	_, _ = sysWakeRead(a.fd, buf[:]) // EAGAIN: it was set again meanwhile
}

func (a *alarm) close() error { return unix.Close(a.fd) }
