package codes

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// clockName says what times are.
const clockName = "thread CPU time"

// threadTime is the CPU time of the calling thread, which the caller has locked.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(fmt.Sprintf("codes: the kernel does not tell the thread's CPU time: %v", err))
	}
	return time.Duration(t.Nano())
}
