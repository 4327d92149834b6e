//go:build !linux

package engine

import (
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// gnet's kqueue poller has no call that stops watching a descriptor for reading:
// its Delete does nothing. A paused lane stays watched there, and its events are
// ignored while the lane is blocked. That is correct, and costs a poll a turn
// while a downstream is full.

func pauseRead(*loop, int) error { return nil }

func resumeRead(*loop, int) error { return nil }

// hangUp is the event by which poll(2) says that a peer sends no more: here it says that it
// has gone altogether.
const hangUp = unix.POLLHUP

// bytesReadable is the request of ioctl(2) for how many bytes can be read: FIONREAD of
// sys/filio.h, which package unix does not name.
const bytesReadable = 0x4004667f

// onlyWritable reports whether an event says nothing but that there is room.
func onlyWritable(ev netpoll.IOEvent) bool { return netpoll.IsWriteEvent(ev) }
