package host

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Setup is what a node is started with. It crosses to a process of its own as JSON.
type Setup struct {
	Name        string            `json:"name"`
	ID          core.NodeID       `json:"id"`
	Seed        uint64            `json:"seed"`
	Algorithm   string            `json:"algorithm"`
	Params      map[string]string `json:"params,omitempty"`
	Downstreams []core.NodeID     `json:"downstreams,omitempty"`
	Upstreams   []core.NodeID     `json:"upstreams,omitempty"`
	Contacts    []core.NodeID     `json:"contacts,omitempty"`
	Sources     []uint32          `json:"sources,omitempty"`  // applications of which a source is at this node, some time
	Apps        []App             `json:"apps,omitempty"`     // all applications of the scenario
	Commands    []Command         `json:"commands,omitempty"` // to obey before its first message
	// Observers are those that the node reports to, in worlds of real time; it obeys the first.
	Observers []core.NodeID `json:"observers,omitempty"`
	Group     string        `json:"group,omitempty"` // what it says of itself to them
	Place     *spec.Spot    `json:"place,omitempty"`
	// CheckEvery is after how many messages and events the algorithm's Invariant is
	// looked at, besides whenever counters are read; 0: only then.
	CheckEvery int `json:"check_every,omitempty"`
	// Follow is how many messages of each source are followed, and some of the later ones (Followed); 0: none.
	Follow int `json:"follow,omitempty"`
	// Told asks for what the algorithm is told of failures.
	Told bool `json:"told,omitempty"`
}

// Op is what a command asks for.
type Op string

// The commands.
const (
	OpBandwidth   Op = "set-bandwidth"
	OpLink        Op = "set-link"
	OpDefaultLink Op = "set-default-link"
	OpStartSource Op = "start-source"
	OpStopSource  Op = "stop-source"
	OpJoin        Op = "join"
	OpLeave       Op = "leave"
	OpSlow        Op = "slow"
	OpSend        Op = "send"
)

// Command is what the timeline asks of one node. Only the fields of its Op are set.
type Command struct {
	Op         Op                 `json:"op"`
	Bandwidth  spec.NodeBandwidth `json:"bandwidth,omitzero"`
	Peer       core.NodeID        `json:"peer,omitzero"`
	Link       spec.LinkState     `json:"link,omitzero"`
	App        uint32             `json:"app,omitempty"`
	Source     Source             `json:"source,omitzero"`
	PerMessage time.Duration      `json:"per_message_ns,omitempty"`
	Message    *spec.Message      `json:"message,omitempty"` // of OpSend
}

// Source is an application's source.
type Source struct {
	Kind       spec.Source `json:"kind"`
	MsgsPerSec float64     `json:"msgs_per_s,omitempty"` // of a constant rate
	Payload    int         `json:"payload"`
	Limit      uint64      `json:"limit,omitempty"` // messages; 0 means no end
	// For is how long it sends; what would be sent then or later is not. 0 means until
	// it is stopped.
	For time.Duration `json:"for_ns,omitempty"`
	// Of a file: its length in bytes, and its name.
	Size int    `json:"size,omitempty"`
	Name string `json:"name,omitempty"`
}

// Counters is what a node has counted since they were read last, and what waits in it
// now. What has not changed is left out. Bytes include headers unless they are called
// payload.
type Counters struct {
	At      time.Duration `json:"at_ns"` // Node.Now when they were read
	Ended   bool          `json:"ended,omitempty"`
	Crash   string        `json:"crash,omitempty"`       // why, if the algorithm panicked
	CrashAt time.Duration `json:"crash_at_ns,omitempty"` // Node.Now at the panic
	Misuse  bool          `json:"misuse,omitempty"`      // it was a core.Misuse
	Broken  string        `json:"broken,omitempty"`      // what the algorithm's Invariant said, once
	BrokeAt time.Duration `json:"broke_at_ns,omitempty"` // Node.Now when it did
	Apps    []AppCount    `json:"apps,omitempty"`
	In      []InCount     `json:"in,omitempty"`
	Out     []OutCount    `json:"out,omitempty"`
	LostOut uint64        `json:"lost_out,omitempty"` // messages accepted and not delivered, on emulated links too
	LostIn  uint64        `json:"lost_in,omitempty"`  // messages received, or made by sources here, and not switched
	NoRoom  uint64        `json:"no_room,omitempty"`  // links that ended, and sends that failed, for want of descriptors, memory or ports
	Late    time.Duration `json:"late_ns,omitempty"`  // most that a source here was asked later than it wanted

	Metrics *metric.Changes `json:"metrics,omitempty"` // what the algorithm keeps of itself

	// Of the messages that are followed, if Setup.Follow asks for it.
	Firsts []First `json:"firsts,omitempty"`
	Made   []Made  `json:"made,omitempty"`
	Missed uint64  `json:"missed,omitempty"` // that were too many between two readings

	// Of failures that the algorithm was told of, if Setup.Told asks for it.
	Told   []Told `json:"told,omitempty"`
	Untold uint64 `json:"untold,omitempty"` // that were too many between two readings
}

// AppCount is of one application.
type AppCount struct {
	App      uint32 `json:"app"`
	Sent     uint64 `json:"sent,omitempty"`     // messages that a source here made
	Due      uint64 `json:"due,omitempty"`      // messages that its rate asked for; without a rate as many as it made
	Distinct uint64 `json:"distinct,omitempty"` // messages that arrived, each counted once
	Broken   uint64 `json:"broken,omitempty"`   // times that its source was lost upstream
}

// InCount is of one upstream node and application.
type InCount struct {
	From    core.NodeID `json:"from"`
	App     uint32      `json:"app"`
	Msgs    uint64      `json:"msgs"`
	Bytes   uint64      `json:"bytes"`
	Payload uint64      `json:"payload"`
	// Slot is the place of this node and application among those that the node has counted
	// since it started, so that whoever reads the counts again and again need not look names up.
	Slot int `json:"slot,omitempty"`
}

// OutCount is of one downstream node, all applications together.
type OutCount struct {
	To     core.NodeID `json:"to"`
	Queued int         `json:"queued,omitempty"` // messages that wait, now
	Lost   uint64      `json:"lost,omitempty"`   // messages
	// PipeFull is for how long the bound on what is in flight held messages up.
	PipeFull time.Duration `json:"pipe_full_ns,omitempty"`
}
