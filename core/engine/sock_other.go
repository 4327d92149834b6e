//go:build !linux

package engine

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// keepIdle is the option for how long a peer may say nothing before it is probed.
const keepIdle = unix.TCP_KEEPALIVE

func socketCloexec(family int) (int, error) {
	syscall.ForkLock.RLock() // no fork between the call and the flag
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, unix.IPPROTO_TCP)
	if err != nil {
		return -1, err
	}
	return prepare(fd)
}

func acceptCloexec(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for {
		c, from, err := unix.Accept(fd)
		if err == unix.EINTR || err == unix.ECONNABORTED {
			continue
		}
		if err != nil {
			return -1, nil, err
		}
		c, err = prepare(c)
		return c, from, err
	}
}

func prepare(fd int) (int, error) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd) // the error that counts is the one above
		return -1, err
	}
	return fd, nil
}
