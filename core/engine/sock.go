package engine

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
)

// Sockets are made with system calls, not with package net: while a net.Conn or
// an os.File for a socket exists, the socket is in the Go runtime's own poller
// too, and every packet wakes a runtime thread, which costs a third of the
// throughput (docs/decisions.md: sockets by system call).

// openSocket makes a TCP socket that does not block, for an address's family.
func openSocket(a netip.Addr) (int, error) {
	family := unix.AF_INET
	if a.Is6() {
		family = unix.AF_INET6
	}
	fd, err := socketCloexec(family)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	return fd, nil
}

// tuneLane sets what every TCP lane has: no delay, since a burst leaves in one
// write anyway, and buffers of a known size. Buffers must be set before connect
// and listen to count for the window that is announced.
//
// Segments on the loopback are 64 KB. A window below half of one is not used until a
// timer says so (the avoidance of silly windows, RFC 1122, 4.2.3.3), so with small
// buffers segments are small too.
func tuneLane(fd, bufferBytes int) error {
	if bufferBytes < smallBuffer {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, max(bufferBytes/segmentsABuffer, leastSegment)); err != nil {
			return fmt.Errorf("set TCP_MAXSEG: %w", err)
		}
	}
	for _, o := range []struct {
		level, name, value int
		what               string
	}{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1, "TCP_NODELAY"},
		{unix.SOL_SOCKET, unix.SO_SNDBUF, bufferBytes, "SO_SNDBUF"},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, bufferBytes, "SO_RCVBUF"},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return fmt.Errorf("set %s to %d: %w", o.what, o.value, err)
		}
	}
	return nil
}

// keepAlive has the system ask peers of accepted lanes that say nothing whether they are
// there, and end the lanes of those that are not: a lane at rest whose peer's machine is
// gone would stay otherwise where lanes are kept (core.NeverIdle). Accepted sockets take it
// over from their listener.
func keepAlive(fd int) error {
	for _, o := range []struct {
		level, name, value int
		what               string
	}{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1, "SO_KEEPALIVE"},
		{unix.IPPROTO_TCP, keepIdle, int(aliveAfter.Seconds()), "the time to the first probe of an idle peer"},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(aliveEvery.Seconds()), "TCP_KEEPINTVL"},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, aliveProbes, "TCP_KEEPCNT"},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return fmt.Errorf("set %s to %d: %w", o.what, o.value, err)
		}
	}
	return nil
}

// closeAbruptly closes a socket so that its peer sees a reset, not an end.
func closeAbruptly(fd int) error {
	lingerErr := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 0})
	if err := unix.Close(fd); err != nil {
		return err
	}
	return lingerErr
}

// socketError is what a socket failed with, if it did.
func socketError(fd int) error {
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return err
	}
	if code != 0 {
		return unix.Errno(code)
	}
	return nil
}

// reasonOf is how an error on a lane looks to an algorithm.
func reasonOf(err error) core.Reason {
	var e unix.Errno
	if !errors.As(err, &e) {
		return core.ReasonReset
	}
	switch e {
	case unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EADDRNOTAVAIL, unix.ETIMEDOUT, unix.EACCES:
		return core.ReasonRefused
	case unix.EBADMSG:
		return core.ReasonProtocol
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOBUFS, unix.ENOSPC:
		return core.ReasonNoRoom
	}
	return core.ReasonReset
}

// refusedBy is how an error of a dial looks to an algorithm: what was never open cannot
// have broken.
func refusedBy(err error) core.Reason {
	if why := reasonOf(err); why != core.ReasonReset {
		return why
	}
	return core.ReasonRefused
}

// brokenBy is how an error on a lane that was open looks to an algorithm.
func brokenBy(err error) core.Reason {
	switch why := reasonOf(err); {
	case errors.Is(err, unix.ETIMEDOUT):
		return core.ReasonTimeout
	case why == core.ReasonRefused:
		return core.ReasonReset
	default:
		return why
	}
}
