package raw

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// doorbell is a descriptor that a loop can keep readable, so that its level-triggered poller reports it every turn.
// It belongs to that loop. On Linux it is an eventfd.
type doorbell struct{ fd int }

func newDoorbell() (*doorbell, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an eventfd: %w", err)
	}
	return &doorbell{fd: fd}, nil
}

// ring makes the descriptor readable until silence.
func (d *doorbell) ring() error {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	if _, err := writeSome(d.fd, one[:]); err != nil {
		return fmt.Errorf("write an eventfd: %w", err)
	}
	return nil
}

func (d *doorbell) silence() error {
	var count [8]byte
	if _, err := readSome(d.fd, count[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("read an eventfd: %w", err)
	}
	return nil
}

func (d *doorbell) readable() int { return d.fd }

func (d *doorbell) close() error { return unix.Close(d.fd) }
