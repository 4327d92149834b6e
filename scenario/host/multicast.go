package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

const (
	generation  = "generation"
	window      = "window"
	scheme      = "code"
	weight      = "weight"
	queue       = "queue"
	beat        = "beat"
	linger      = "linger"
	receives    = "receive"
	application = "application"
)

// newMulticast is random linear network coding over the scenario's links: source, recoding relay and receiver
// in one. It carries one application.
func newMulticast() Algorithm {
	const auto = "auto"
	params := []spec.Param{
		{Name: generation, Kind: spec.Whole, Default: 32, About: "How many packets a source codes together, from 2 to 256."},
		{Name: window, Kind: spec.Whole, Default: netcode.DefaultWindow, About: "How many generations are under way at a time, from 1 to 64; the same at all nodes."},
		{Name: scheme, Kind: spec.Text, Default: coding.Dense.String(), About: "How a source chooses coefficients: dense, sparse or band."},
		{Name: weight, Kind: spec.Whole, Default: 8, About: "How many coefficients of a sparse or band code are not 0, from 1 to 256."},
		{Name: queue, Kind: spec.Whole, Default: netcode.DefaultQueue, About: "How many packets wait on a link, from 1 to 65536."},
		{Name: beat, Kind: spec.Time, Default: netcode.DefaultBeat, About: "How often a node that waits for something says so again, from 1ms."},
		{Name: linger, Kind: spec.Time, Default: netcode.DefaultBeat, About: "How long a source waits for a generation to fill, from 1ms."},
		{Name: receives, Kind: spec.Text, Default: auto, About: "Whether a node decodes: yes, no, or auto, which is yes for nodes with links into them and none out of them, and, if the application is a file, for all with links into them."},
		{Name: application, Kind: spec.Text, Default: "", About: "The application that it carries; not needed if the scenario has one only."},
	}
	return Algorithm{Name: "rlnc", Params: params, Data: []core.Type{netcode.TypeCoded}, New: func(e Env) (core.Algorithm, error) {
		s, err := sessionOf(e)
		if err != nil {
			return nil, err
		}
		n := &codingNode{delivered: e.Delivered, take: e.Take, app: s.App}
		switch v := e.Params.Text(receives); v {
		case "yes", "no", auto:
			if v == "yes" || v == auto && (len(e.Downstreams) == 0 || e.Take != nil) && len(e.Upstreams) > 0 {
				s.Deliver = n.deliver
			}
		default:
			return nil, outOfRange(receives, v, "yes, no or auto")
		}
		n.Multicast = netcode.NewMulticast(s)
		return n, nil
	}}
}

// sessionOf is what the parameters of a node say, but whether it receives.
func sessionOf(e Env) (s netcode.Session, err error) {
	s.Downstreams, s.Upstreams = e.Downstreams, e.Upstreams
	if s.Upstreams == nil {
		s.Upstreams = []core.NodeID{} // nobody: nil would be anybody
	}
	if s.App, err = e.app(e.Params.Text(application)); err != nil {
		return s, err
	}
	for _, p := range []struct {
		name        string
		least, most int
		to          *int
	}{
		{generation, coding.MinK, coding.MaxK, &s.K},
		{window, 1, netcode.MaxWindow, &s.Window},
		{weight, 1, coding.MaxK, &s.Code.Weight},
		{queue, 1, 1 << 16, &s.Queue},
	} {
		if *p.to = e.Params.Int(p.name); *p.to < p.least || *p.to > p.most {
			return s, outOfRange(p.name, *p.to, fmt.Sprintf("a number from %d to %d", p.least, p.most))
		}
	}
	switch v := e.Params.Text(scheme); v {
	case coding.Dense.String():
		s.Code = coding.Code{}
	case coding.Sparse.String():
		s.Code.Scheme = coding.Sparse
	case coding.Band.String():
		s.Code.Scheme = coding.Band
	default:
		return s, outOfRange(scheme, v, "dense, sparse or band")
	}
	for _, p := range []struct {
		name string
		to   *time.Duration
	}{{beat, &s.Beat}, {linger, &s.Linger}} {
		if *p.to = e.Params.Time(p.name); *p.to < time.Millisecond {
			return s, outOfRange(p.name, *p.to, "1ms or more")
		}
	}
	return s, nil
}

// app is the number of an application, or of the only one there is if no name is given.
func (e Env) app(name string) (uint32, error) {
	if name == "" {
		if len(e.Apps) != 1 {
			return 0, fmt.Errorf("the algorithm carries one application, and the scenario has %d: say which with the parameter %s", len(e.Apps), application)
		}
		return e.Apps[0].ID, nil
	}
	i := slices.IndexFunc(e.Apps, func(a App) bool { return a.Name == name })
	if i < 0 {
		return 0, outOfRange(application, name, "the name of an application of the scenario")
	}
	return e.Apps[i].ID, nil
}

// codingNode is a node of a coded multicast that checks what it decodes: that it is what the source made, byte for
// byte, and in its order.
type codingNode struct {
	*netcode.Multicast
	app       uint32
	delivered func(maker core.NodeID, app uint32, seq uint64)
	take      func(n *core.Node, maker core.NodeID, app uint32, payload []byte) // nil: packets have stamps

	stream uint32 // of what came last
	next   uint64 // number that is expected of it
	begun  bool   // something of it has come
	fault  error  // the first: Invariant

	packets, generations, missed, wrong *metric.Counter
}

// Bind implements core.Algorithm.
func (c *codingNode) Bind(n *core.Node) {
	c.Multicast.Bind(n)
	c.packets, c.generations, c.missed, c.wrong = c.Metric("packets"), c.Metric("generations"), c.Metric("missed"), c.Metric("wrong")
	c.missed.Add(0) // they are there though nothing goes wrong
	c.wrong.Add(0)
}

// Invariant implements host.Invariant.
func (c *codingNode) Invariant() error { return c.fault }

// plausible is how many packets a stream may lack in a row. The number of a packet that was changed
// is anything below 2^64, so it is taken for damage but for one time in 2^40.
const plausible = 1 << 24

// deliver takes a decoded packet.
func (c *codingNode) deliver(g coding.Generation, i int, packet []byte) {
	const padded = 1 << 31 // the generation's last packet is padding: docs/coding.md, section 12
	if s := g.Stream &^ padded; s != c.stream {
		c.stream, c.next, c.begun = s, 0, false // the source started anew, or this is the first
	}
	seq, stamped := apps.Numbered(packet)
	if !stamped || c.take != nil { // nothing says which it is, so they are counted
		seq = c.next
	}
	switch {
	case !c.begun && seq < plausible: // who comes late begins late
	case seq == c.next:
	case seq > c.next && seq-c.next < plausible:
		c.missed.Add(seq - c.next)
	case seq == 0: // another source of the application at the same node
	default:
		c.wrong.Add(1)
		if c.fault == nil {
			c.fault = fmt.Errorf("packet %d of generation %d of application %d was decoded to what its source did not make, or not there: after number %d comes %d",
				i, g.ID, c.app, int64(c.next)-1, seq)
		}
		return
	}
	c.next, c.begun = seq+1, true
	c.packets.Add(1)
	if i == 0 {
		c.generations.Add(1)
	}
	source, _ := c.Source() // it has brought the packet
	if c.delivered != nil {
		c.delivered(source, c.app, seq)
	}
	if c.take != nil {
		c.take(c.Node, source, c.app, packet)
	}
}
