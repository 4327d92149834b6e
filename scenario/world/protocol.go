package world

import (
	"time"

	"github.com/ioverlay/ioverlay/scenario/host"
)

// The control channel of a node's process: JSON objects, a line each. The parent
// writes a boot and then requests on the child's standard input; the child answers
// each with one reply on its standard output, in order, and ends when its input
// does, so that no child outlives its parent.

// boot is the first line.
type boot struct {
	Setup  host.Setup    `json:"setup"`
	Tuning tuning        `json:"tuning"`
	Epoch  time.Duration `json:"epoch_ns"`      // when the world began, by the machine's clock; 0: now
	Up     bool          `json:"up,omitempty"`  // all that the world begins with are
	TCP    bool          `json:"tcp,omitempty"` // links go by TCP, not through shared memory
	Hang   time.Duration `json:"hang_ns"`       // how long the node may take to return; 0: for ever
}

// request is a line after it.
type request struct {
	Ask     ask          `json:"ask"`
	Command host.Command `json:"command,omitzero"` // of askObey
}

// ask is what a request asks for.
type ask string

const (
	askCount ask = "count"
	askObey  ask = "obey"
	askStop  ask = "stop" // stop gracefully; counts say when it has

	askAllUp    ask = "all-up"   // all nodes that the world begins with have been started
	askStopping ask = "stopping" // tell the node that it stops; its links stay until all nodes have been told
	askEnd      ask = "end"      // stop gracefully, and answer with the last counts once that is done
)

// reply answers a boot or a request.
type reply struct {
	Error      string         `json:"error,omitempty"`
	Unfinished string         `json:"unfinished,omitempty"` // to askEnd: what could not be delivered in time
	Hang       *Hang          `json:"hang,omitempty"`       // in place of any answer: the node does not return
	Counters   *host.Counters `json:"counters,omitempty"`
}

// lineBytes bounds a line: a node with a thousand neighbours takes some 100 KB.
const lineBytes = 16 << 20
