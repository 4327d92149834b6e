//go:build !linux

package engine

import (
	"errors"

	"github.com/ioverlay/ioverlay/core"
)

// Without memfd_create and abstract Unix sockets all lanes go by TCP.

var errNoShm = errors.New("this system has no shared memory that is safe to share")

func (l *listener) listenShm() (*listener, error) { return nil, nil }

func sameUser(int) error { return errNoShm }

func refuseFiles(int) {}

func meetShm(core.NodeID) (int, error) { return -1, errNoShm }

func newRing(int) (int, []byte, error) { return -1, nil, errNoShm }

func sendOffer(int, int, int) error { return errNoShm }

func takeOffer(int) ([]byte, error) { return nil, errNoShm }

func wordsOf([]byte) *ringWords { panic("engine: a ring on a system without shared memory") }

func bytesOf([]byte) []byte { panic("engine: a ring on a system without shared memory") }
