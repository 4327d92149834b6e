package traffic

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// OpenTimer returns a non-blocking timerfd that becomes readable at every time of the schedule. A timerfd is not
// subject to the slack and the millisecond rounding of the runtime's own timers, which would otherwise be the
// larger part of the latency measured. The caller closes it.
func OpenTimer(s Schedule) (fd int, err error) {
	fd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("create a timerfd: %w", err)
	}
	spec := unix.ItimerSpec{Interval: unix.NsecToTimespec(s.IntervalNS), Value: unix.NsecToTimespec(s.StartNS)}
	if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
		return -1, errors.Join(fmt.Errorf("set a timerfd to one message every %d ns: %w", s.IntervalNS, err), unix.Close(fd))
	}
	return fd, nil
}
