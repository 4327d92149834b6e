package sim

import "time"

// Fault is something that goes wrong, or right again, at a time. It is a value, so
// that a schedule can be written down, shown, and made smaller. Nodes go by their
// names.
type Fault struct {
	At     time.Duration
	Kind   FaultKind
	Nodes  []string      // see FaultKind
	Groups [][]string    // of Partition: the sides; whom they do not name is on a side of its own
	Cost   time.Duration // of Slow: the time that a message takes; 0 makes the node fast again
}

// FaultKind is what happens.
type FaultKind uint8

const (
	// Crash ends nodes as if their processes were killed: peers see connections
	// break.
	Crash FaultKind = iota + 1
	// Restart starts nodes again with fresh algorithms, and new random numbers. One
	// that still runs crashes first.
	Restart
	// Stop ends nodes gracefully.
	Stop
	// Cut stops all traffic between two nodes, in silence.
	Cut
	// CutOneWay stops what the first node sends to the second.
	CutOneWay
	// Partition stops all traffic between the sides. It replaces a partition
	// before it, and leaves cuts alone.
	Partition
	// Heal takes away the cuts between two nodes, in both directions; with no nodes
	// it takes away all cuts and the partition.
	Heal
	// Slow makes every message take a time at nodes.
	Slow
)

var faultNames = [...]string{Crash: "crash", Restart: "restart", Stop: "stop", Cut: "cut", CutOneWay: "cut-one-way",
	Partition: "partition", Heal: "heal", Slow: "slow"}

// String is the kind's name in the text of a fault.
func (k FaultKind) String() string {
	if int(k) < len(faultNames) && faultNames[k] != "" {
		return faultNames[k]
	}
	return "unknown"
}
