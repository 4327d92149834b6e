package spec

import (
	"slices"
	"strings"
)

// Event is one entry of the timeline: a time, and one thing that happens.
type Event struct {
	placed
	At        Duration    `yaml:"at" jsonschema_description:"When it happens."`
	Set       *Set        `yaml:"set,omitempty" jsonschema_description:"Change the emulated bandwidth of nodes or the properties of links."`
	Kill      *NodeSet    `yaml:"kill,omitempty" jsonschema_description:"Nodes that fail at once, losing what they have (kill -9 in the proc world)."`
	Stop      *NodeSet    `yaml:"stop,omitempty" jsonschema_description:"Nodes that end in order: they deliver what they have accepted."`
	Start     *NodeSet    `yaml:"start,omitempty" jsonschema_description:"Nodes that start: those that start later."`
	Restart   *NodeSet    `yaml:"restart,omitempty" jsonschema_description:"Nodes that start again after kill or stop, with no memory."`
	Join      *Membership `yaml:"join,omitempty" jsonschema_description:"Nodes that are told to join an application."`
	Leave     *Membership `yaml:"leave,omitempty" jsonschema_description:"Nodes that are told to leave an application."`
	Cut       *LinkSet    `yaml:"cut,omitempty" jsonschema_description:"Links that carry nothing any more: A -> B in one direction, A <-> B in both."`
	Heal      *LinkSet    `yaml:"heal,omitempty" jsonschema_description:"Links that are whole again; all heals everything."`
	Partition []NodeSet   `yaml:"partition,omitempty" jsonschema_description:"Groups of nodes: every link between two groups is cut."`
	Slow      *Slow       `yaml:"slow,omitempty" jsonschema_description:"Nodes that take their time for each message."`
	Churn     *Churn      `yaml:"churn,omitempty" jsonschema_description:"Nodes that come and go from this time on."`
	Send      *Send       `yaml:"send,omitempty" jsonschema_description:"A message that the algorithms of nodes are given."`
}

// actions names the keys of an event of which it has one.
func (e *Event) actions() (given []string) {
	for _, a := range []struct {
		name  string
		given bool
	}{
		{"set", e.Set != nil}, {"kill", e.Kill != nil}, {"stop", e.Stop != nil}, {"start", e.Start != nil},
		{"restart", e.Restart != nil}, {"join", e.Join != nil}, {"leave", e.Leave != nil}, {"cut", e.Cut != nil},
		{"heal", e.Heal != nil}, {"partition", e.Partition != nil}, {"slow", e.Slow != nil}, {"churn", e.Churn != nil},
		{"send", e.Send != nil},
	} {
		if a.given {
			given = append(given, a.name)
		}
	}
	return given
}

func (e *Event) check(d *decoder) {
	switch given := e.actions(); len(given) {
	case 0:
		d.report(e.Span, "Add one of set, kill, stop, start, restart, join, leave, cut, heal, partition, slow, churn and send.", "nothing happens at this time")
	case 1:
	default:
		d.report(e.Span, "Write an entry for each; they may have the same time.", "one entry of the timeline is one event, and this has %s", strings.Join(given, " and "))
	}
	if e.Partition != nil && len(e.Partition) < 2 {
		d.report(e.Span, "List the groups: [A..C, D..G].", "a partition has two groups or more")
	}
}

// Set changes what nodes or links can carry. What is left out stays as it is.
type Set struct {
	placed
	Nodes *NodeSet  `yaml:"nodes,omitempty" jsonschema_description:"The nodes whose bandwidth changes."`
	Links *LinkSet  `yaml:"links,omitempty" jsonschema_description:"The links whose properties change."`
	Total *RateDraw `yaml:"total,omitempty" jsonschema_description:"Of nodes: up and down together."`
	Up    *RateDraw `yaml:"up,omitempty" jsonschema_description:"Of nodes: what they send."`
	Down  *RateDraw `yaml:"down,omitempty" jsonschema_description:"Of nodes: what they receive."`
	LinkProperties
}

func (s *Set) check(d *decoder) {
	ofNodes := s.Total != nil || s.Up != nil || s.Down != nil
	ofLinks := s.given()
	switch {
	case (s.Nodes == nil) == (s.Links == nil):
		d.report(s.Span, "Add nodes or links, and not both.", "set changes either nodes or links")
	case s.Nodes != nil && (!ofNodes || ofLinks):
		d.report(s.Span, "Use total, up and down.", "nodes have a bandwidth: total, up, down")
	case s.Links != nil && (ofNodes || !ofLinks):
		d.report(s.Span, "Use rate, latency, jitter, jitter-correlation, loss and in-flight.", "links have a rate, a latency, jitter and loss")
	}
}

// given reports whether any property is.
func (l *LinkProperties) given() bool {
	return l.Rate.Given || l.Latency.Given || l.Jitter != nil || l.Loss.Given || l.Correlation != nil || l.InFlight != nil
}

// Membership is nodes and an application.
type Membership struct {
	placed
	Nodes       NodeSet `yaml:"nodes" jsonschema_description:"The nodes."`
	Application string  `yaml:"application" jsonschema_description:"The application's name."`
}

// Slow is nodes that take time for each message.
type Slow struct {
	placed
	Nodes      NodeSet  `yaml:"nodes" jsonschema_description:"The nodes."`
	PerMessage Duration `yaml:"per-message" jsonschema_description:"How long each data message takes. 0s makes them fast again."`
}

// Churn is nodes that come and go: by rate or from a trace file.
type Churn struct {
	placed
	Nodes NodeSet   `yaml:"nodes" jsonschema_description:"The nodes that come and go."`
	Rate  *Pace     `yaml:"rate,omitempty" jsonschema_description:"How many fail a second, at random times: 2/s."`
	Down  *TimeDraw `yaml:"down,omitempty" jsonschema_description:"How long each is gone; may be a distribution."`
	How   Departure `yaml:"how,omitempty" jsonschema_description:"kill (default) or stop."`
	Until *Duration `yaml:"until,omitempty" jsonschema_description:"When the last fails. Default the end of the run."`
	Trace string    `yaml:"trace,omitempty" jsonschema_description:"A CSV file beside the scenario instead: time in seconds, node, and kill, stop or start."`
}

// Departure is how a node goes.
type Departure string

// The departures.
const (
	DepartKill Departure = "kill"
	DepartStop Departure = "stop"
)

func (v *Departure) read(d *decoder, t *tree) {
	d.oneOf(t, (*string)(v), string(DepartKill), string(DepartStop))
}

func (c *Churn) check(d *decoder) {
	byRate := c.Rate != nil || c.Down != nil
	switch {
	case byRate == (c.Trace != ""):
		d.report(c.Span, "Add rate and down, or trace.", "churn goes by rate or by a trace file")
	case byRate && (c.Rate == nil || c.Down == nil):
		d.report(c.Span, "Add rate, such as 2/s, and down, such as exponential(3s).", "churn by rate needs rate and down")
	case c.Trace != "" && c.Until != nil:
		d.report(c.Until.Span, "Leave until out; the rows of the trace have their times.", "a churn trace has no use for until")
	case c.Trace != "" && c.How != "":
		d.report(c.Span, "Leave how out; the rows of the trace say kill or stop.", "a churn trace has no use for how")
	case c.Rate != nil && c.Rate.MsgsPerSec == 0:
		d.report(c.Rate.Span, "Write how many fail a second, such as 2/s.", "this is a rate of bytes")
	}
}

// reserved are words that cannot name a node or an application.
var reserved = []string{"all", "app", "and", "between", "after", "before", "at"}

func isReserved(name string) bool { return slices.Contains(reserved, name) }
