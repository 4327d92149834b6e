package perf

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// cpuUsage is the CPU time of the process till now, as the system splits it.
type cpuUsage struct{ user, system time.Duration }

func usage() (cpuUsage, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return cpuUsage{}, fmt.Errorf("perf: reading the CPU time: %w", err)
	}
	return cpuUsage{user: time.Duration(u.Utime.Nano()), system: time.Duration(u.Stime.Nano())}, nil
}

// userPercentTo is the user part of the CPU time used from u to later; 0 if there
// was none.
func (u cpuUsage) userPercentTo(later cpuUsage) float64 {
	user, system := later.user-u.user, later.system-u.system
	if user+system <= 0 {
		return 0
	}
	return 100 * float64(user) / float64(user+system)
}
