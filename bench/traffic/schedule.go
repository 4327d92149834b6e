package traffic

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Now returns CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share.
func Now() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(fmt.Sprintf("traffic: the monotonic clock cannot be read: %v", err))
	}
	return ts.Nano()
}

// Schedule is the timetable of a paced source: message k is meant to leave at StartNS + k*IntervalNS whatever
// happened to those before it. Measuring from that time and not from the actual send is the correction for
// coordinated omission: a chain that stalls is charged for every message that it made late.
type Schedule struct {
	StartNS    int64 // time of message 0, nanoseconds of Now
	IntervalNS int64
}

// NewSchedule starts a timetable of perSecond messages a second at startNS. The rate must be above 0 and at most
// 1e9.
func NewSchedule(startNS int64, perSecond float64) Schedule {
	interval := int64(float64(time.Second) / perSecond)
	if !(perSecond > 0) || interval < 1 {
		panic(fmt.Sprintf("traffic: no schedule has %v messages a second; a rate is above 0 and at most 1e9", perSecond))
	}
	return Schedule{StartNS: startNS, IntervalNS: interval}
}

// Intended returns when message k is meant to leave.
func (s Schedule) Intended(k uint64) int64 { return s.StartNS + int64(k)*s.IntervalNS }

// Due returns how many messages are meant to have left by nowNS.
func (s Schedule) Due(nowNS int64) uint64 {
	if nowNS < s.StartNS {
		return 0
	}
	return uint64((nowNS-s.StartNS)/s.IntervalNS) + 1
}
