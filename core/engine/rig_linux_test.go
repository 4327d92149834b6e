package engine

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
)

// inQueue is how many bytes wait to be read from a socket.
func inQueue(t testing.TB, fd int) int {
	t.Helper()
	n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// peerOf is the address at the other end of a socket.
func peerOf(fd int) string {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return ""
	}
	return addrPort(sa).String()
}

// blackHole is a destination that never answers a dial.
func blackHole(t testing.TB) core.NodeID {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	id := core.NodeIDFrom(addrPort(sa))
	// A backlog of 0 still takes one connection.
	c, err := net.Dial("tcp", id.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return id
}
