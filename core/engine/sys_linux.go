package engine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls of the data path. They are raw: on a descriptor that does not
// block they return in microseconds, so telling the scheduler of each (entry,
// exit, and now and then a hand-off of the processor) costs more than it saves.
// The poller's wait, which does block, is not raw.

// sysRead reads into p, which must not be empty.
func sysRead(fd int, p []byte) (int, unix.Errno) {
	for {
		n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e != unix.EINTR {
			return int(n), e
		}
	}
}

// sysWrite writes p, which must not be empty.
func sysWrite(fd int, p []byte) (int, unix.Errno) {
	for {
		n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e != unix.EINTR {
			return int(n), e
		}
	}
}

// sysWritev writes the pieces of ps, at least one and at most iovecBudget.
func sysWritev(fd int, ps [][]byte) (int, unix.Errno) {
	var iov [iovecBudget]unix.Iovec
	for i, p := range ps {
		iov[i].Base = &p[0]
		iov[i].SetLen(len(p))
	}
	for {
		n, _, e := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), uintptr(len(ps)))
		if e != unix.EINTR {
			return int(n), e
		}
	}
}
