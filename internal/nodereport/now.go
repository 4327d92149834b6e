package nodereport

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Current is what the process uses now.
type Current struct {
	CPU time.Duration // user plus system time since it started
	RSS int64         // bytes; 0 where the system does not tell
	FDs int           // open descriptors; 0 where the system does not tell
}

// nowEvery is how old an answer of Now may be: a poll of many nodes in one process costs one reading.
const nowEvery = 200 * time.Millisecond

var now struct {
	sync.Mutex
	at  time.Time
	was Current
}

// Now is what the calling process uses, read at most so often. What cannot be read is 0. It is safe for concurrent use.
func Now() Current {
	now.Lock()
	defer now.Unlock()
	if t := time.Now(); t.Sub(now.at) > nowEvery {
		now.at = t
		var r unix.Rusage
		if unix.Getrusage(unix.RUSAGE_SELF, &r) == nil {
			now.was.CPU = time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
		now.was.RSS, now.was.FDs = memoryAndFiles()
	}
	return now.was
}
