package nodereport

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a process has used since it started.
type Usage struct {
	CPU     time.Duration // user plus system time
	RSSPeak int64         // bytes
}

// Self returns what the calling process has used. Chains whose nodes are all in one process report this; those
// of several processes add theirs up.
func Self() (Usage, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("read the resource usage of this process: %w", err)
	}
	peak, err := peakRSS(&r)
	return Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), RSSPeak: peak}, err
}
