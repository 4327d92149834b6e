//go:build !linux

package soak

import "runtime"

// residentBytes is what the Go runtime has from the system: here there is no file that tells
// what is resident.
func residentBytes() (int64, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased), nil
}
