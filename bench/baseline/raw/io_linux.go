package raw

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// readSome reads from a non-blocking descriptor without telling the scheduler: the call cannot block, so leaving
// and re-entering Go's scheduler around it would only cost time and invite another thread to take the processor.
// It returns 0 at the end of the stream.
func readSome(fd int, p []byte) (int, error) { return transfer(unix.SYS_READ, fd, p) }

// writeSome writes to a non-blocking descriptor likewise. It may write less than p.
func writeSome(fd int, p []byte) (int, error) { return transfer(unix.SYS_WRITE, fd, p) }

func transfer(call uintptr, fd int, p []byte) (int, error) {
	if len(p) == 0 {
		panic("raw: a transfer of no bytes cannot be told from the end of a stream")
	}
	for {
		n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
