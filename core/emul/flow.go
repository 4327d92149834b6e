package emul

import "time"

// Direction says which of a node's limits a flow is under.
type Direction uint8

const (
	// Out flows leave the node: Bandwidth.Up and Total.
	Out Direction = iota
	// In flows come to it: Bandwidth.Down and Total.
	In

	directions
)

// Taker is who a flow belongs to: a lane.
type Taker interface {
	// Granted hands the flow credit: it may pass up to that many bytes, and the
	// message that it is in the middle of then. Whatever passes, the flow ends the
	// grant with [Shaper.Settle], now or later.
	Granted(credit int64)
}

// Flow is one lane under limits. It is out of the shaper's hands, has asked, or has
// been granted credit:
//
//	idle ─Ask─▶ waiting ─Granted─▶ granted ─Settle─▶ idle
//
// It belongs to the node's loop.
type Flow struct {
	taker  Taker
	dir    Direction
	shared *Shared // its link; never nil
	weight int64

	state   flowState
	granted int64
	charged int64         // by how much its grant has moved the link's tag on
	since   time.Duration // when it began to wait for its turn
	stays   bool          // it is idle, and has something to pass

	turn // its place among the flows of its link
}

type flowState uint8

const (
	flowIdle flowState = iota
	flowQueued
	flowParked // waits too, for its link's own rate
	flowGranted
)

// Waiting reports whether the flow has asked and got nothing yet.
func (f *Flow) Waiting() bool { return f.state == flowQueued || f.state == flowParked }

// cost is how far bytes move the flow's tag on among those of its link: the more, the
// smaller its share.
func (f *Flow) cost(bytes int64) int64 { return mulDiv(bytes, tagScale, f.weight) }

// tagScale is how many steps of a tag one byte of a flow of weight 1 takes: as many
// as the largest weight, so that no flow's bytes are free.
const tagScale = 1024
