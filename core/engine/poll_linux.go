package engine

import (
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// pauseRead takes a lane's socket out of the poller: level-triggered, it would
// be reported in every turn while its downstream is full.
func pauseRead(lp *loop, fd int) error {
	lp.calls.Watches++
	return lp.poller.Delete(fd)
}

// resumeRead puts it back.
func resumeRead(lp *loop, fd int) error {
	lp.calls.Watches++
	return lp.poller.AddRead(lp.attachment(fd), levelTriggered)
}

// hangUp is the event by which poll(2) says that a peer sends no more.
const hangUp = unix.POLLRDHUP

// bytesReadable is the request of ioctl(2) for how many bytes can be read.
const bytesReadable = unix.TIOCINQ

// onlyWritable reports whether an event says nothing but that there is room.
func onlyWritable(ev netpoll.IOEvent) bool { return ev == unix.EPOLLOUT }
