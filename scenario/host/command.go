package host

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
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
	Commands    []Command         `json:"commands,omitempty"` // to obey before its first message
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
}

// Source is an application's source.
type Source struct {
	Kind       spec.Source `json:"kind"`
	MsgsPerSec float64     `json:"msgs_per_s,omitempty"` // of a constant rate
	Payload    int         `json:"payload"`
	Limit      uint64      `json:"limit,omitempty"` // messages; 0 means no end
}

// Counters is what a node has counted since it started, and what waits in it now.
// Bytes include headers unless they are called payload.
type Counters struct {
	At      time.Duration `json:"at_ns"` // Node.Now when they were read
	Ended   bool          `json:"ended,omitempty"`
	Crash   string        `json:"crash,omitempty"` // why, if the algorithm panicked
	Apps    []AppCount    `json:"apps,omitempty"`
	In      []InCount     `json:"in,omitempty"`
	Out     []OutCount    `json:"out,omitempty"`
	LostOut uint64        `json:"lost_out,omitempty"` // messages accepted and not delivered, on emulated links too
	LostIn  uint64        `json:"lost_in,omitempty"`  // messages received and not switched
}

// AppCount is of one application.
type AppCount struct {
	App      uint32 `json:"app"`
	Sent     uint64 `json:"sent,omitempty"`     // messages that a source here made
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
}

// OutCount is of one downstream node and application.
type OutCount struct {
	To     core.NodeID `json:"to"`
	App    uint32      `json:"app"`
	Queued int         `json:"queued,omitempty"` // messages that wait
	Lost   uint64      `json:"lost,omitempty"`   // messages
}
