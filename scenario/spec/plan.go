package spec

import (
	"net/netip"
	"time"
)

// Plan is a scenario with everything looked up and drawn: what a world executes.
// Nodes, links and applications are known by their indices.
type Plan struct {
	File        string // as it was named to Load or Parse
	Name, About string
	Seed        uint64
	Duration    time.Duration
	Drain       time.Duration
	Transport   Transport
	BufferMsgs  int // 0: the switch's default
	BufferBytes int // 0: the switch's default
	Nodes       []Node
	Links       []Link
	Observers   []netip.AddrPort // that the nodes report to, in real time
	DefaultLink LinkState        // of links that are not declared
	Apps        []App
	Steps       []Step // in order of time
	Record      Recording
	Expect      []Expectation
	Moments     []time.Duration // at which there must be a reading besides: the Edges of formulas

	byName map[string]int
	byEnds map[[2]int]int // index of a link
}

// Node is one node.
type Node struct {
	Name      string
	Bandwidth NodeBandwidth
	Algorithm string
	Params    Params
	Contacts  Contacts // whom it knows when it starts
	Late      bool     // it does not run when the scenario begins
	Group     string   // what it belongs to, for those who look on
	Place     *Spot    // nil if nobody says
}

// NodeBandwidth is in bytes a second; 0 means unlimited.
type NodeBandwidth struct{ Total, Up, Down int64 }

// Link is one directed link.
type Link struct {
	From, To int
	LinkState
}

// LinkState is what a link can carry; the zero value emulates nothing.
type LinkState struct {
	Rate    int64 // bytes a second; 0 means unlimited
	Latency time.Duration
	Jitter  string // its shape; "" means none
	Spread  time.Duration
	Loss    float64 // 0 to 1

	Correlation time.Duration // of the jitter; 0: emul's default
	InFlight    int           // most bytes on their way; 0: emul's default

	Cut bool // nothing gets onto the link: the timeline's, never a file's
}

// App is a source of data. Its session has the number Index+1.
type App struct {
	Name    string
	ID      uint32
	Node    int
	Source  Source
	Pace    Pace
	Payload int
	Limit   uint64 // messages; 0 means no end
	From    time.Duration
	Until   time.Duration
	Delay   time.Duration // of media: when they are played
	Size    int           // of a file: bytes; its blocks have Payload
}

// Recording is what to write.
type Recording struct {
	Every        time.Duration
	Nodes, Links bool
	Deliveries   bool // follow messages from their sources on
}

// StepKind says what a step does.
type StepKind uint8

// The kinds of steps.
const (
	StepStart StepKind = iota // nodes
	StepKill
	StepStop
	StepStartApp // apps
	StepStopApp
	StepBandwidth // nodes, and what each has from then on
	StepLink      // links, and what each has from then on
	StepJoin      // nodes and an application
	StepLeave
	StepCut  // pairs
	StepHeal // pairs, or with Every all
	StepSlow // nodes
	StepSend // nodes and a message
)

var stepNames = [...]string{"start", "kill", "stop", "start-source", "stop-source", "set-bandwidth", "set-link", "join", "leave", "cut", "heal", "slow", "send"}

// String is the kind's name in results.
func (k StepKind) String() string { return stepNames[k] }

// Step is one thing that happens at one time.
type Step struct {
	At         time.Duration
	Kind       StepKind
	Nodes      []int
	App        int             // index of an application
	Bandwidths []NodeBandwidth // beside Nodes
	Links      []int           // indices
	States     []LinkState     // beside Links
	Pairs      [][2]int        // of nodes, from and to
	Every      bool
	PerMessage time.Duration
	Send       *Message

	draw *drawing // of Nodes, until they are drawn
}

// NodeNamed finds a node; -1 if there is none of the name.
func (p *Plan) NodeNamed(name string) int {
	if i, ok := p.byName[name]; ok {
		return i
	}
	return -1
}

// LinkBetween finds a link; -1 if there is none.
func (p *Plan) LinkBetween(from, to int) int {
	if i, ok := p.byEnds[[2]int{from, to}]; ok {
		return i
	}
	return -1
}

// Downstreams lists the nodes that a node has links to, in the order of the links.
func (p *Plan) Downstreams() [][]int {
	out := make([][]int, len(p.Nodes))
	for _, l := range p.Links {
		out[l.From] = append(out[l.From], l.To)
	}
	return out
}

// Upstreams lists the nodes that a node has links from.
func (p *Plan) Upstreams() [][]int {
	in := make([][]int, len(p.Nodes))
	for _, l := range p.Links {
		in[l.To] = append(in[l.To], l.From)
	}
	return in
}
