//go:build race

package gf

import (
	"runtime"
	"unsafe"
)

// The race detector does not see what assembly reads and writes, so it is told.

func noteRead(b []byte) {
	if len(b) > 0 {
		runtime.RaceReadRange(unsafe.Pointer(unsafe.SliceData(b)), len(b))
	}
}

func noteWrite(b []byte) {
	if len(b) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(unsafe.SliceData(b)), len(b))
	}
}

const raceEnabled = true
