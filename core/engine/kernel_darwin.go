package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core/qos"
)

// kernelOf is what the kernel knows of a connection that the given number of bytes
// has been written to: what is left in the send buffer is not acknowledged. It has
// no delivery rate, and does not say when it last heard of the peer, so a lane ends
// when the kernel gives up.
func kernelOf(fd int, written uint64) (qos.Kernel, bool) {
	i, err := unix.GetsockoptTCPConnectionInfo(fd, unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO)
	if err != nil {
		return qos.Kernel{}, false
	}
	left := min(uint64(i.Snd_sbbytes), written)
	ms := func(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }
	return qos.Kernel{
		Acked: written - left, Unacked: left, RTT: ms(i.Srtt), RTTVar: ms(i.Rttvar),
		Retrans: i.Txretransmitpackets,
	}, true
}
