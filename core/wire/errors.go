package wire

import (
	"errors"
	"fmt"

	"github.com/ioverlay/ioverlay/bufpool"
)

// What a peer can do wrong. Errors of this package wrap one of these and add the values that were seen; each
// of them closes the connection, and docs/wire.md lists them under the same names.
var (
	// ErrShort: fewer bytes than the structure needs.
	ErrShort = errors.New("wire: too few bytes")
	// ErrTooBig: a payload over the maximum.
	ErrTooBig = errors.New("wire: payload too big")
	// ErrMalformed: bytes that no version 1 sender writes.
	ErrMalformed = errors.New("wire: malformed")
	// ErrSelf: a hello of the accepter's own node ID. Whoever accepts finds it: ParseHello does not know for whom it parses.
	ErrSelf = errors.New("wire: a hello of the node itself")
	// ErrNotHello: the first frame of a connection is of another type than hello.
	ErrNotHello = errors.New("wire: not a hello")
	// ErrMagic: a hello whose magic number is not iOverlay's.
	ErrMagic = errors.New("wire: wrong magic number")
	// ErrVersion: a hello of a version that this package does not speak.
	ErrVersion = errors.New("wire: unknown version")
)

// ErrNodeID means text that is no node identifier. It concerns configuration and control payloads, not framing.
var ErrNodeID = errors.New("wire: not a node ID")

// errBudget is made once, since a loop that is short of memory may meet it every turn.
var errBudget = fmt.Errorf("wire: no slab to read into: %w", bufpool.ErrBudget)

// noSlab wraps an error of the pool.
func noSlab(err error) error {
	if errors.Is(err, bufpool.ErrBudget) {
		return errBudget
	}
	return fmt.Errorf("wire: no slab to read into: %w", err)
}
