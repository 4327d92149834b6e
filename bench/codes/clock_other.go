//go:build !linux

package codes

import "time"

// clockName says what times are.
const clockName = "wall-clock time"

var begin = time.Now()

// threadTime is the time on the wall: there is no portable CPU clock of one thread.
func threadTime() time.Duration { return time.Since(begin) }
