package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core/qos"
)

// doubtful is how many repetitions or probes in a row must be unanswered to count.
// One may be: Linux answers segments outside of the window at most twice a second.
const doubtful = 2

// kernelOf is what the kernel knows of a connection that the given number of bytes
// has been written to. The kernel counts our SYN as a byte that was acknowledged.
func kernelOf(fd int, written uint64) (qos.Kernel, bool) {
	i, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return qos.Kernel{}, false
	}
	const syn = 1
	acked := min(i.Bytes_acked-min(i.Bytes_acked, syn), written)
	// A peer whose buffer is full may drop what was sent to it and say so, and then
	// it is sent again, ever more rarely. What counts is whether an acknowledgement
	// came after the last segment: neither the number of repetitions (Retransmits)
	// nor that of the pauses (Backoff) goes back when one does.
	resent := i.Retransmits >= doubtful && i.Last_ack_recv > i.Last_data_sent
	us := func(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }
	return qos.Kernel{
		Acked: acked, Unacked: written - acked,
		Unanswered: resent || i.Probes >= doubtful,
		SinceAck:   time.Duration(i.Last_ack_recv) * time.Millisecond,
		RTT:        us(i.Rtt), RTTVar: us(i.Rttvar),
		Retrans: uint64(i.Total_retrans), Rate: i.Delivery_rate,
	}, true
}
