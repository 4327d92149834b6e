package memory

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// addressSpace is the limit on this process's address space in bytes, and what it uses; a
// limit of 0 is none, or none that is known.
func addressSpace() (limit, used int64) {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &r) != nil || r.Cur >= 1<<62 {
		return 0, 0
	}
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	size, _, _ := strings.Cut(string(b), " ")
	pages, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return 0, 0
	}
	return int64(r.Cur), pages * int64(os.Getpagesize())
}
