package world

import "github.com/ioverlay/ioverlay/scenario/host"

// The control channel of a node's process: JSON objects, a line each. The parent
// writes a boot and then requests on the child's standard input; the child answers
// each with one reply on its standard output, in order, and ends when its input
// does, so that no child outlives its parent.

// boot is the first line.
type boot struct {
	Setup  host.Setup `json:"setup"`
	Tuning tuning     `json:"tuning"`
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
)

// reply answers a boot or a request.
type reply struct {
	Error    string         `json:"error,omitempty"`
	Counters *host.Counters `json:"counters,omitempty"`
}

// lineBytes bounds a line: a node with a thousand neighbours takes some 100 KB.
const lineBytes = 16 << 20
