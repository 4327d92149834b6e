package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core/qos"
)

// kernelOf is what the kernel knows of a connection that the given number of bytes
// has been written to. The kernel counts our SYN as a byte that was acknowledged.
func kernelOf(fd int, written uint64) (qos.Kernel, bool) {
	i, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return qos.Kernel{}, false
	}
	const syn = 1
	acked := min(i.Bytes_acked-min(i.Bytes_acked, syn), written)
	us := func(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }
	return qos.Kernel{
		Acked: acked, Unacked: written - acked,
		Unanswered: i.Retransmits > 0 || i.Probes > 0 || i.Backoff > 0,
		SinceAck:   time.Duration(i.Last_ack_recv) * time.Millisecond,
		RTT:        us(i.Rtt), RTTVar: us(i.Rttvar),
		Retrans: uint64(i.Total_retrans), Rate: i.Delivery_rate,
	}, true
}
