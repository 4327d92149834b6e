//go:build !linux

package engine

import (
	"errors"

	"golang.org/x/sys/unix"
)

// System calls of the data path.

// sysRead reads into p, which must not be empty.
func sysRead(fd int, p []byte) (int, unix.Errno) {
	return retry(func() (int, error) { return unix.Read(fd, p) })
}

// sysWrite writes p, which must not be empty.
func sysWrite(fd int, p []byte) (int, unix.Errno) {
	return retry(func() (int, error) { return unix.Write(fd, p) })
}

// sysWritev writes the pieces of ps, at least one and at most iovecBudget.
func sysWritev(fd int, ps [][]byte) (int, unix.Errno) {
	return retry(func() (int, error) { return unix.Writev(fd, ps) })
}

func retry(call func() (int, error)) (int, unix.Errno) {
	for {
		n, err := call()
		var e unix.Errno
		switch {
		case err == nil:
			return n, 0
		case !errors.As(err, &e):
			return n, unix.EIO
		case e != unix.EINTR:
			return n, e
		}
	}
}
