//go:build unix && !linux

package raw

import "golang.org/x/sys/unix"

// readSome reads from a non-blocking descriptor. It returns 0 at the end of the stream.
func readSome(fd int, p []byte) (int, error) { return transfer(unix.Read, fd, p) }

// writeSome writes to a non-blocking descriptor. It may write less than p.
func writeSome(fd int, p []byte) (int, error) { return transfer(unix.Write, fd, p) }

func transfer(call func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	if len(p) == 0 {
		panic("raw: a transfer of no bytes cannot be told from the end of a stream")
	}
	for {
		n, err := call(fd, p)
		switch err {
		case nil:
			return n, nil
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}
