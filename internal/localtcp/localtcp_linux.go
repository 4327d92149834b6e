package localtcp

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Unpace chooses Algorithm for a TCP socket, best before it is connected. With an error the socket is as good as
// the system's default.
func Unpace(fd int) error {
	if err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, Algorithm); err != nil {
		return fmt.Errorf("set TCP_CONGESTION to %s: %w", Algorithm, err)
	}
	return nil
}

// Congestion is what a TCP socket has.
func Congestion(fd int) (string, error) {
	return unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
}
