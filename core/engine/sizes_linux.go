package engine

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// kernelBufferMax is how large a socket's buffers may be, in both directions, in bytes; 0 if
// the kernel does not say.
var kernelBufferMax = sync.OnceValue(func() int {
	return min(sysctl("/proc/sys/net/core/wmem_max"), sysctl("/proc/sys/net/core/rmem_max"))
})

func sysctl(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}

// widenWindow lets a connection announce a window of so many bytes: Linux keeps it at what the buffer was when it began.
func widenWindow(fd, bytes int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_WINDOW_CLAMP, bytes)
}
