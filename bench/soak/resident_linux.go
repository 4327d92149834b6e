package soak

import (
	"fmt"
	"os"
)

// residentBytes is the process's resident memory.
func residentBytes() (int64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("soak: resident memory: %w", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0, fmt.Errorf("soak: resident memory: %w", err)
	}
	return resident * int64(os.Getpagesize()), nil
}
