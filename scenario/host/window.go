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
	packetSize = "size"
	deadline   = "deadline"
	overhead   = "overhead"
	feedback   = "feedback"
)

// newWindow is multicast by a sliding window over the scenario's links. It carries one application.
func newWindow() Algorithm {
	params := []spec.Param{
		{Name: window, Kind: spec.Whole, Default: netcode.DefaultPackets, About: "How many packets are under way at a time, from 1 to 256. The source's counts."},
		{Name: packetSize, Kind: spec.Whole, Default: 0, About: "Bytes of the longest message, to 65534; 0: that of the first. The source's counts."},
		{Name: deadline, Kind: spec.Time, Default: time.Duration(0), About: "How old a packet becomes before it is given up, from 1ms to 1h; 0: none is, and all arrive. The source's counts."},
		{Name: overhead, Kind: spec.Probability, Default: 0.1, About: "Coded packets for each packet, unasked, from 0 to 100%. The source's counts."},
		{Name: feedback, Kind: spec.Text, Default: "yes", About: "Whether nodes answer: yes; or no, with a deadline, when the overhead is all there is against loss. The same at all nodes."},
		{Name: queue, Kind: spec.Whole, Default: netcode.DefaultPacketQueue, About: "How many packets wait on a link, from 1 to 65536."},
		{Name: beat, Kind: spec.Time, Default: netcode.DefaultBeat, About: "How often a node that waits for something says so again, from 1ms."},
		{Name: receives, Kind: spec.Text, Default: auto, About: "Whether a node decodes for itself: yes, no, or auto, which is yes for nodes with links into them and none out of them, and, if the application is a file, for all with links into them."},
		{Name: application, Kind: spec.Text, Default: "", About: "The application that it carries; not needed if the scenario has one only."},
	}
	return Algorithm{Name: "rlnc-window", Params: params, Data: []core.Type{netcode.TypeWindow}, New: func(e Env) (core.Algorithm, error) {
		s, err := windowSessionOf(e)
		if err != nil {
			return nil, err
		}
		decodes, err := e.decodes()
		if err != nil {
			return nil, err
		}
		n := &windowNode{decoded: decodedOf(e, s.App)}
		if decodes {
			s.Deliver = n.deliver
		}
		n.Window = netcode.NewWindow(s)
		return n, nil
	}}
}

// windowSessionOf is what the parameters of a node say, but whether it receives.
func windowSessionOf(e Env) (s netcode.WindowSession, err error) {
	s.Downstreams, s.Upstreams = e.Downstreams, e.upstreams()
	if s.App, err = e.app(e.Params.Text(application)); err != nil {
		return s, err
	}
	if err := e.wholes(
		between{window, 1, coding.MaxWindow, &s.Window},
		between{packetSize, 0, netcode.MaxMessage, &s.Size},
		between{queue, 1, 1 << 16, &s.Queue},
	); err != nil {
		return s, err
	}
	if s.Size == 0 && len(e.Upstreams) == 0 && slices.ContainsFunc(e.Apps, func(a App) bool { return a.ID == s.App && a.File }) {
		return s, outOfRange(packetSize, s.Size, "the bytes of the longest message, where a file begins: the first, which it would be taken from, is no block")
	}
	if s.Beat = e.Params.Time(beat); s.Beat < time.Millisecond {
		return s, outOfRange(beat, s.Beat, "1ms or more")
	}
	if s.Deadline = e.Params.Time(deadline); s.Deadline != 0 && (s.Deadline < time.Millisecond || s.Deadline > netcode.MaxDeadline) {
		return s, outOfRange(deadline, s.Deadline, "0 for none, or 1ms to 1h")
	}
	if s.Overhead = e.Params.Float(overhead); !(s.Overhead >= 0 && s.Overhead <= 1) {
		return s, outOfRange(overhead, s.Overhead, "0 to 100%")
	}
	switch v := e.Params.Text(feedback); v {
	case "yes":
	case "no":
		if s.Rateless = true; s.Deadline == 0 {
			return s, outOfRange(deadline, s.Deadline, "a time above 0 where feedback is no, since then nobody asks for what is lost")
		}
	default:
		return s, outOfRange(feedback, v, "yes or no")
	}
	return s, nil
}

// windowNode is a node of a multicast by sliding window that checks what it decodes.
type windowNode struct {
	*netcode.Window
	decoded
	skipped, silence *metric.Gauge
}

// Bind implements core.Algorithm.
func (c *windowNode) Bind(n *core.Node) {
	c.Window.Bind(n)
	c.bind(n)
	c.skipped, c.silence = c.Gauge("skipped"), c.Gauge("silence-ms")
	c.skipped.Set(0)
	c.silence.Set(0)
}

// Process implements core.Algorithm.
func (c *windowNode) Process(m *core.Msg) core.Verdict {
	v := c.Window.Process(m)
	n := c.Counters()
	if silence := float64(n.Silence) / float64(time.Millisecond); silence != c.silence.Value() {
		c.silence.Set(silence)
	}
	if skipped := float64(n.Skipped); skipped != c.skipped.Value() {
		c.skipped.Set(skipped)
	}
	c.tooLong(n.TooLong, fmt.Sprintf("set the parameter %s to the bytes of the longest, at most %d", packetSize, netcode.MaxMessage))
	return v
}

// deliver takes a decoded message.
func (c *windowNode) deliver(number uint64, message []byte) {
	c.in(c.Stream())
	source, _ := c.Source() // it has brought the packet
	c.got(c.Node, source, number, message, func() string { return fmt.Sprintf("packet %d", number) })
}
