//go:build unix && !linux

package nodereport

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakRSS returns ru_maxrss in bytes: that is its unit on darwin, kibibytes elsewhere.
func peakRSS(r *unix.Rusage) (int64, error) {
	if runtime.GOOS == "darwin" {
		return int64(r.Maxrss), nil
	}
	return int64(r.Maxrss) << 10, nil
}
