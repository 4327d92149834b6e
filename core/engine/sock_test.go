package engine

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// A lane with a small buffer has small segments, and one with the default buffer
// those that the kernel likes.
func TestSegmentsFitTheBuffer(t *testing.T) {
	for _, c := range []struct{ buffer, want int }{
		{4 << 10, 536}, {8 << 10, 1 << 10}, {64 << 10, 8 << 10}, {256 << 10, 0}, {1 << 20, 0},
	} {
		if got := segmentFor(c.buffer); got != c.want {
			t.Errorf("segments for a buffer of %d bytes: %d, want %d", c.buffer, got, c.want)
		}
	}
	fd, err := openSocket(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := tuneLane(fd, 8<<10); err != nil {
		t.Fatal(err)
	}
	mss, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG)
	if err != nil || mss > 1<<10 {
		t.Errorf("a socket with a buffer of 8 KiB has segments of %d bytes, %v", mss, err)
	}
}
