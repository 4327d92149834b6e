package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
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

	auto = "auto" // of receive
)

// newMulticast is random linear network coding over the scenario's links: source, recoding relay and receiver
// in one. It carries one application.
func newMulticast() Algorithm {
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
		decodes, err := e.decodes()
		if err != nil {
			return nil, err
		}
		n := &codingNode{decoded: decodedOf(e, s.App)}
		if decodes {
			s.Deliver = n.deliver
		}
		n.Multicast = netcode.NewMulticast(s)
		return n, nil
	}}
}

// sessionOf is what the parameters of a node say, but whether it receives.
func sessionOf(e Env) (s netcode.Session, err error) {
	s.Downstreams, s.Upstreams = e.Downstreams, e.upstreams()
	if s.App, err = e.app(e.Params.Text(application)); err != nil {
		return s, err
	}
	if err := e.wholes(
		between{generation, coding.MinK, coding.MaxK, &s.K},
		between{window, 1, netcode.MaxWindow, &s.Window},
		between{weight, 1, coding.MaxK, &s.Code.Weight},
		between{queue, 1, 1 << 16, &s.Queue},
	); err != nil {
		return s, err
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

// codingNode is a node of a coded multicast that checks what it decodes.
type codingNode struct {
	*netcode.Multicast
	decoded
	generations *metric.Counter
}

// Bind implements core.Algorithm.
func (c *codingNode) Bind(n *core.Node) {
	c.Multicast.Bind(n)
	c.bind(n)
	c.generations = c.Metric("generations")
}

// Process implements core.Algorithm.
func (c *codingNode) Process(m *core.Msg) core.Verdict {
	v := c.Multicast.Process(m)
	c.tooLong(c.Counters().TooLong, fmt.Sprintf("messages have at most %d bytes", coding.MaxSize))
	return v
}

// deliver takes a decoded packet.
func (c *codingNode) deliver(g coding.Generation, i int, packet []byte) {
	const padded = 1 << 31 // the generation's last packet is padding: docs/coding.md, section 12
	c.in(g.Stream &^ padded)
	source, _ := c.Source() // it has brought the packet
	if c.got(c.Node, source, c.next, packet, func() string { return fmt.Sprintf("packet %d of generation %d", i, g.ID) }) && i == 0 {
		c.generations.Add(1)
	}
}
