//go:build unix && !linux

package raw

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// doorbell is a descriptor that a loop can keep readable, so that its level-triggered poller reports it every turn.
// It belongs to that loop. Where there is no eventfd it is a pipe.
type doorbell struct{ ends [2]int }

func newDoorbell() (*doorbell, error) {
	d := new(doorbell)
	if err := unix.Pipe(d.ends[:]); err != nil {
		return nil, fmt.Errorf("create a pipe: %w", err)
	}
	for _, fd := range d.ends {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, errors.Join(fmt.Errorf("make a pipe non-blocking: %w", err), d.close())
		}
	}
	return d, nil
}

// ring makes the descriptor readable until silence.
func (d *doorbell) ring() error {
	if _, err := writeSome(d.ends[1], []byte{1}); err != nil {
		return fmt.Errorf("write a pipe: %w", err)
	}
	return nil
}

func (d *doorbell) silence() error {
	var bytes [16]byte
	if _, err := readSome(d.ends[0], bytes[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("read a pipe: %w", err)
	}
	return nil
}

func (d *doorbell) readable() int { return d.ends[0] }

func (d *doorbell) close() error { return errors.Join(unix.Close(d.ends[0]), unix.Close(d.ends[1])) }
