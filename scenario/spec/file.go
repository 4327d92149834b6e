package spec

import (
	"reflect"
	"slices"
	"time"
)

// File is a scenario as it is written. Each struct is a mapping and each field with
// a yaml tag one of its keys, optional unless the tag lacks "omitempty"; the
// descriptions go into the JSON Schema.
type File struct {
	placed
	Name         string        `yaml:"name" jsonschema_description:"What the scenario is called in results and charts."`
	About        string        `yaml:"about,omitempty" jsonschema_description:"What it shows, in a sentence or two."`
	Seed         uint64        `yaml:"seed,omitempty" jsonschema_description:"Seed of everything that is drawn. --seed replaces it."`
	Duration     Duration      `yaml:"duration" jsonschema_description:"How long it runs, after all nodes are up."`
	Drain        *Duration     `yaml:"drain,omitempty" jsonschema_description:"How long messages may still be on their way when the sources have stopped. Default 5s; it is over as soon as nothing moves."`
	Transport    Transport     `yaml:"transport,omitempty" jsonschema_description:"How links cross the kernel in the live world: tcp (default) or mem."`
	Buffers      *Buffers      `yaml:"buffers,omitempty" jsonschema_description:"Send queues of all nodes."`
	Nodes        []NodeGroup   `yaml:"nodes" jsonschema_description:"The nodes: names and ranges, or groups with settings."`
	Links        []LinkGroup   `yaml:"links,omitempty" jsonschema_description:"The links: written out, or made by a generator."`
	DefaultLink  *DefaultLink  `yaml:"default-link,omitempty" jsonschema_description:"What links can carry that are not declared: the way back of a declared one, and peers that an algorithm meets while it runs."`
	Algorithm    *Algorithm    `yaml:"algorithm,omitempty" jsonschema_description:"What all nodes run that have no algorithm of their own. Default relay."`
	Bootstrap    *Bootstrap    `yaml:"bootstrap,omitempty" jsonschema_description:"Whom all nodes know when they start that have no bootstrap of their own. Default nobody but those that they have links to."`
	Bandwidth    *Bandwidth    `yaml:"bandwidth,omitempty" jsonschema_description:"Emulated bandwidth of all nodes that have none of their own."`
	Observer     *Observers    `yaml:"observer,omitempty" jsonschema_description:"Observers that the nodes report to in real time, as address:port; they obey the first. --observer replaces it. In virtual time there are none."`
	Applications []Application `yaml:"applications" jsonschema_description:"The sources of data."`
	Timeline     []Event       `yaml:"timeline,omitempty" jsonschema_description:"What happens when."`
	Record       *Record       `yaml:"record,omitempty" jsonschema_description:"What to write to the results."`
	Expect       []Expectation `yaml:"expect,omitempty" jsonschema_description:"What must hold for the run to succeed."`
}

// Transport is how links cross the kernel in the live world.
type Transport string

// The transports.
const (
	TransportTCP Transport = "tcp"
	TransportMem Transport = "mem"
)

func (v *Transport) read(d *decoder, t *tree) { d.oneOf(t, (*string)(v), "tcp", "mem") }

// oneOf reads one of a few words.
func (d *decoder) oneOf(t *tree, v *string, allowed ...string) {
	text := d.text(t)
	if t.shape != shapeText {
		return
	}
	if !slices.Contains(allowed, text) {
		d.report(t.at, suggest(text, allowed), "%q is not allowed here", text)
		return
	}
	*v = text
}

// Buffers bounds the send queue of each lane.
type Buffers struct {
	placed
	Messages *Count `yaml:"messages,omitempty" jsonschema_description:"Most messages in a queue, such as 10 messages of the largest payload."`
	Bytes    *Size  `yaml:"bytes,omitempty" jsonschema_description:"Most bytes in a queue, such as 128KiB."`
}

func (b *Buffers) check(d *decoder) {
	if (b.Messages == nil) == (b.Bytes == nil) {
		d.report(b.Span, "Use messages or bytes.", "buffers are given either in messages or in bytes")
	}
}

// Bandwidth is what a node can carry. What is left out is unlimited.
type Bandwidth struct {
	placed
	Total RateDraw `yaml:"total,omitempty" jsonschema_description:"Up and down together."`
	Up    RateDraw `yaml:"up,omitempty" jsonschema_description:"What it sends."`
	Down  RateDraw `yaml:"down,omitempty" jsonschema_description:"What it receives."`
}

// NodeGroup is some nodes with the same settings: a name or range alone, or a
// mapping.
type NodeGroup struct {
	placed
	Names     NodeSet    `yaml:"names" jsonschema_description:"Names and ranges: A..G, or n1..n100."`
	Bandwidth *Bandwidth `yaml:"bandwidth,omitempty" jsonschema_description:"Emulated bandwidth of each; a distribution is drawn for each node."`
	Algorithm *Algorithm `yaml:"algorithm,omitempty" jsonschema_description:"What these nodes run."`
	Bootstrap *Bootstrap `yaml:"bootstrap,omitempty" jsonschema_description:"Whom these nodes know when they start."`
	Starts    *Start     `yaml:"starts,omitempty" jsonschema_description:"When they start: a time, or later for nodes that the timeline starts. Default 0s."`
	Group     string     `yaml:"group,omitempty" jsonschema_description:"What they belong to, for those who look at them."`
	Place     *Place     `yaml:"place,omitempty" jsonschema_description:"Where they are said to be, for maps."`
}

func (v *NodeGroup) read(d *decoder, t *tree) {
	if t.shape == shapeText {
		v.place(t.at)
		v.Names.read(d, t)
		return
	}
	d.mapping(t, reflect.ValueOf(v).Elem())
}

// Start is when a node starts.
type Start struct {
	Duration
	Later bool
}

func (v *Start) read(d *decoder, t *tree) {
	if t.shape == shapeText && t.text == "later" {
		v.Span, v.Later = t.at, true
		return
	}
	v.Duration.read(d, t)
}

// Algorithm is what a node runs, with its parameters: a name alone, or a mapping of
// the name and each parameter.
type Algorithm struct {
	Span   Span
	Name   string
	Params Params
}

// LinkGroup is links: written out, or a mapping with a generator.
type LinkGroup struct {
	placed
	Link  *LinkSet  `yaml:"link,omitempty" jsonschema_description:"Links written out: A -> B, C."`
	Chain *NodeSet  `yaml:"chain,omitempty" jsonschema_description:"A link from each node to the next."`
	Ring  *NodeSet  `yaml:"ring,omitempty" jsonschema_description:"A chain whose last node is linked to the first."`
	Star  *Star     `yaml:"star,omitempty" jsonschema_description:"Links from one node to others."`
	Tree  *TreeSpec `yaml:"tree,omitempty" jsonschema_description:"A tree in which every node but the leaves has the same number of children."`
	Graph *Random   `yaml:"random-graph,omitempty" jsonschema_description:"A connected random graph; each edge is a link each way."`
	DAG   *Random   `yaml:"random-dag,omitempty" jsonschema_description:"A random graph without cycles, from the first node to all others."`
	LinkProperties
}

// LinkProperties is what a link can carry. What is left out is not emulated.
type LinkProperties struct {
	Rate    RateDraw    `yaml:"rate,omitempty" jsonschema_description:"Emulated bandwidth of each link."`
	Latency LatencyDraw `yaml:"latency,omitempty" jsonschema_description:"Emulated latency of each link."`
	Jitter  *Jitter     `yaml:"jitter,omitempty" jsonschema_description:"How the latency of messages varies, such as normal(5ms)."`
	Loss    ShareDraw   `yaml:"loss,omitempty" jsonschema_description:"Share of messages that are lost, such as 1%."`

	Correlation *Duration `yaml:"jitter-correlation,omitempty" jsonschema_description:"How long a delay lasts, such as 100ms. Default 3 times the spread of the jitter."`
	InFlight    *Size     `yaml:"in-flight,omitempty" jsonschema_description:"Most bytes that are on their way at a time, such as 64MiB. Default: what the rate needs, or 32MiB without a rate."`
}

// DefaultLink is what undeclared links can carry.
type DefaultLink struct {
	placed
	LinkProperties
}

// Jitter is how the latency of the messages of a link varies around the link's.
type Jitter struct {
	Span   Span
	Kind   string // uniform, normal or exponential
	Spread Duration
}

// JitterKinds are the shapes of jitter.
var JitterKinds = []string{"uniform", "normal", "exponential"}

func (v *Jitter) read(d *decoder, t *tree) {
	v.Span = t.at
	p := d.phrase(t)
	w := p.take()
	if !slices.Contains(JitterKinds, w.text) {
		p.fail(w.at, suggest(w.text, JitterKinds), "%s is no jitter: write the shape and the spread, such as normal(5ms)", w.quoted())
		return
	}
	v.Kind = w.text
	p.expect("(")
	s := p.of(dimTime)
	p.expect(")")
	p.end()
	if s > maxSeconds {
		p.fail(t.at, "", "a time is at most %v", seconds(maxSeconds))
		return
	}
	v.Spread = Duration{seconds(s), t.at}
}

func (v *LinkGroup) read(d *decoder, t *tree) {
	if t.shape == shapeText {
		v.place(t.at)
		v.Link = new(LinkSet)
		v.Link.read(d, t)
		return
	}
	d.mapping(t, reflect.ValueOf(v).Elem())
}

func (v *LinkGroup) check(d *decoder) {
	n := 0
	for _, given := range []bool{v.Link != nil, v.Chain != nil, v.Ring != nil, v.Star != nil, v.Tree != nil, v.Graph != nil, v.DAG != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		d.report(v.Span, "Use one of link, chain, ring, star, tree, random-graph and random-dag.", "a group of links is made in one way, and this in %d", n)
	}
}

// Star is links from one node to others.
type Star struct {
	Center NodeSet `yaml:"center" jsonschema_description:"The node in the middle."`
	Leaves NodeSet `yaml:"leaves" jsonschema_description:"The nodes around it."`
}

// TreeSpec is a tree over nodes in their order: the first is the root.
type TreeSpec struct {
	Nodes  NodeSet `yaml:"nodes" jsonschema_description:"The nodes, root first, level by level."`
	Fanout Count   `yaml:"fanout" jsonschema_description:"Children of each node."`
}

// Random is a random graph over nodes.
type Random struct {
	Nodes  NodeSet `yaml:"nodes" jsonschema_description:"The nodes."`
	Degree Count   `yaml:"degree" jsonschema_description:"In a graph, edges of each node on average; in a DAG, most links into each node."`
}

// Application is a source of data at a node.
type Application struct {
	placed
	Name     string    `yaml:"name" jsonschema_description:"What expectations call it: a word."`
	At       NodeSet   `yaml:"at" jsonschema_description:"The node that has the source."`
	Source   Source    `yaml:"source" jsonschema_description:"back-to-back: as fast as the node takes messages; constant-rate: at equal distances in time; media: synthetic MPEG-TS at a constant rate, which every other node plays; file: a synthetic file, which every other node receives and checks."`
	Rate     *Pace     `yaml:"rate,omitempty" jsonschema_description:"Of a constant-rate or media source: 100KBps with headers, or 20 messages/s. Of a file: the most that is sent; default as fast as the node takes it."`
	Payload  *Size     `yaml:"payload,omitempty" jsonschema_description:"Bytes in a message, without the header of 24. Default 5120B; of media 24 and 188 for each transport packet, default 1340B; of a file the bytes of a block, default 16384B."`
	Size     *Size     `yaml:"size,omitempty" jsonschema_description:"Of a file: its length, from 0B to 1GB."`
	Delay    *Duration `yaml:"delay,omitempty" jsonschema_description:"Of media: how long after they could have come at the earliest they are played. Default 1s."`
	Messages *Count    `yaml:"messages,omitempty" jsonschema_description:"How many it sends. Default no end."`
	From     *Duration `yaml:"from,omitempty" jsonschema_description:"When it begins. Default 0s."`
	Until    *Duration `yaml:"until,omitempty" jsonschema_description:"When it ends. Default the end of the run."`
}

// Source is the kind of a source.
type Source string

// The kinds of sources.
const (
	BackToBack   Source = "back-to-back"
	ConstantRate Source = "constant-rate"
	Media        Source = "media"
	WholeFile    Source = "file"
)

func (v *Source) read(d *decoder, t *tree) {
	d.oneOf(t, (*string)(v), string(BackToBack), string(ConstantRate), string(Media), string(WholeFile))
}

// Of a message of media (package apps/stream).
const (
	mediaHeader  = 24
	mediaPacket  = 188
	mediaPackets = 256
	mediaPayload = mediaHeader + 7*mediaPacket // by default
	mediaDelay   = time.Second                 // by default
)

// Of a file (package apps/file).
const (
	filePayload                   = 16 << 10 // by default
	leastFileBlock, mostFileBlock = 64, 256 << 10
	mostFile, mostFileBlocks      = 1 << 30, 1 << 20
)

// checkFile looks at what belongs to a file, and to nothing else.
func (v *Application) checkFile(d *decoder) {
	block := filePayload
	if v.Payload != nil {
		block = v.Payload.Bytes
	}
	switch {
	case v.Source != WholeFile && v.Size != nil:
		d.report(v.Size.Span, "Use source: file, or leave size out.", "only a file has a size")
	case v.Source != WholeFile:
	case v.Size == nil:
		d.report(v.Span, "Add size, such as size: 10MB.", "a file needs a size")
	case block < leastFileBlock || block > mostFileBlock:
		d.report(v.Payload.Span, "", "the blocks of a file have %d to %d bytes", leastFileBlock, mostFileBlock)
	case v.Size.Bytes > mostFile || v.Size.Bytes/block >= mostFileBlocks:
		d.report(v.Size.Span, "", "a file has at most %d bytes, and at most %d blocks", mostFile, mostFileBlocks)
	case v.Messages != nil:
		d.report(v.Messages.Span, "Leave messages out.", "a file has as many messages as it needs")
	}
}

func (v *Application) check(d *decoder) {
	v.checkFile(d)
	switch {
	case (v.Source == ConstantRate || v.Source == Media) && v.Rate == nil:
		d.report(v.Span, "Add rate, such as rate: 20 messages/s.", "a %s source needs a rate", v.Source)
	case v.Source == Media && v.Payload != nil && (v.Payload.Bytes <= mediaHeader || (v.Payload.Bytes-mediaHeader)%mediaPacket != 0 || v.Payload.Bytes > mediaHeader+mediaPackets*mediaPacket):
		d.report(v.Payload.Span, "Use 1340B, which has 7.", "a message of media has a header of %d bytes and 1 to %d transport packets of %d", mediaHeader, mediaPackets, mediaPacket)
	case v.Source == BackToBack && v.Rate != nil:
		d.report(v.Rate.Span, "Use source: constant-rate, or leave rate out.", "a back-to-back source sends as fast as it can and has no rate")
	case v.Source != Media && v.Delay != nil:
		d.report(v.Delay.Span, "Use source: media, or leave delay out.", "only media are played, with a delay")
	}
}

// Record is what to write to the results.
type Record struct {
	Every  *Duration `yaml:"every,omitempty" jsonschema_description:"Interval between samples. Default a hundredth of the duration, from 100ms to 10s."`
	Series []Series  `yaml:"series,omitempty" jsonschema_description:"Which: node, link. Default both."`

	Deliveries bool `yaml:"deliveries,omitempty" jsonschema_description:"Follow messages from their sources on: latency, hops, coverage. Default whether an expectation needs it."`
}

// Series is a kind of time series.
type Series string

// The kinds of series.
const (
	SeriesNode Series = "node"
	SeriesLink Series = "link"
)

func (v *Series) read(d *decoder, t *tree) { d.oneOf(t, (*string)(v), "node", "link") }
