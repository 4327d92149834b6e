package engine

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// One clock: what Now says in every engine of a world. Engines agree if they are given
// the same Options.Epoch, which is a reading of the one clock that all processes of a
// machine share.

// MachineEpoch is the Options.Epoch of a world that began when the machine's clock did,
// at the latest when it booted: for nodes that are started one by one, each without
// knowing when the first was.
const MachineEpoch time.Duration = 1 // ns: 0 would mean now

// Clock reads the machine's monotonic clock: what a program hands to the engines of a
// world as Options.Epoch. All processes of a machine read the same clock.
func Clock() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("engine: no monotonic clock: " + err.Error()) // every system that Go runs on has one
	}
	return time.Duration(ts.Nano())
}

// worldClock is the time since the world began. It goes by the Go runtime's clock, which
// is read without a system call.
type worldClock struct {
	read time.Time     // when the machine's clock was read
	age  time.Duration // of the world at that time
}

// clockReads is how often both clocks are read when an engine begins: the pair that was
// read in the shortest time counts, so that being interrupted in between once does not
// set the engine's clock back for good.
const clockReads = 8

// startClock begins at an epoch; 0 means now. It returns the epoch too.
func startClock(epoch time.Duration) (worldClock, time.Duration, error) {
	var c worldClock
	var now time.Duration
	shortest := time.Duration(-1)
	for range clockReads {
		before := Clock()
		read := time.Now()
		if took := Clock() - before; shortest < 0 || took < shortest {
			shortest, now, c.read = took, before, read
		}
	}
	if epoch == 0 {
		epoch = now
	}
	if epoch < 0 || epoch > now {
		return c, 0, fmt.Errorf("engine: Options.Epoch is %d ns, and the machine's monotonic clock says %d: "+
			"want a reading of it (engine.Clock), made on this machine since it booted", epoch, now)
	}
	c.age = now - epoch
	return c, epoch, nil
}

func (c worldClock) now() time.Duration { return c.age + time.Since(c.read) }
