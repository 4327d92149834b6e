package host

import (
	"fmt"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
)

// decoded is what a node of a coded multicast has put together: it is checked to be what the source made, byte for byte, and in its
// order, and handed to whom it concerns.
type decoded struct {
	app       uint32
	delivered func(maker core.NodeID, app uint32, seq uint64)
	take      func(n *core.Node, maker core.NodeID, app uint32, payload []byte) // nil: packets have stamps

	stream uint32 // of what came last
	next   uint64 // number that is expected of it
	begun  bool   // something of it has come
	fault  error  // the first thing that went wrong: Invariant

	packets, missed, wrong *metric.Counter
}

func decodedOf(e Env, app uint32) decoded {
	return decoded{app: app, delivered: e.Delivered, take: e.Take}
}

// bind makes its metrics.
func (d *decoded) bind(n *core.Node) {
	d.packets, d.missed, d.wrong = n.Metric("packets"), n.Metric("missed"), n.Metric("wrong")
	d.missed.Add(0) // they are there though nothing goes wrong
	d.wrong.Add(0)
}

// Invariant implements host.Invariant.
func (d *decoded) Invariant() error { return d.fault }

// plausible is how many packets a stream may lack in a row. The number of a packet that was changed
// is anything below 2^64, so it is taken for damage but for one time in 2^40.
const plausible = 1 << 24

// in is told of which stream the packet is that comes next.
func (d *decoded) in(stream uint32) {
	if stream != d.stream {
		d.stream, d.next, d.begun = stream, 0, false // the source started anew, or this is the first
	}
}

// got takes a packet that its source made. If nothing in it says which it is, it is this number. It reports false for one that cannot be what
// the source made; where says which that is.
func (d *decoded) got(n *core.Node, source core.NodeID, number uint64, packet []byte, where func() string) bool {
	seq, stamped := apps.Numbered(packet)
	if !stamped || d.take != nil {
		seq = number
	}
	switch {
	case !d.begun && seq < plausible: // who comes late begins late
	case seq == d.next:
	case seq > d.next && seq-d.next < plausible:
		d.missed.Add(seq - d.next)
	case seq == 0: // another source of the application at the same node
	default:
		d.wrong.Add(1)
		if d.fault == nil {
			d.fault = fmt.Errorf("%s of application %d was decoded to what its source did not make, or not there: after number %d comes %d",
				where(), d.app, int64(d.next)-1, seq)
		}
		return false
	}
	d.next, d.begun = seq+1, true
	d.packets.Add(1)
	if d.delivered != nil {
		d.delivered(source, d.app, seq)
	}
	if d.take != nil {
		d.take(n, source, d.app, packet)
	}
	return true
}

// tooLong notes how many messages of the source the node could not code, for they have more bytes than it codes, and what to do about it.
func (d *decoded) tooLong(messages uint64, remedy string) {
	if messages > 0 && d.fault == nil {
		d.fault = fmt.Errorf("%d messages of application %d are longer than those that their source codes, and were dropped: %s", messages, d.app, remedy)
	}
}

// decodes reads whether a node decodes for itself. Where a file is carried, all who have it from somebody do.
func (e Env) decodes() (bool, error) {
	switch v := e.Params.Text(receives); v {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	case auto:
		return (len(e.Downstreams) == 0 || e.Take != nil) && len(e.Upstreams) > 0, nil
	default:
		return false, outOfRange(receives, v, "yes, no or auto")
	}
}

// between is a parameter that is a whole number within bounds.
type between struct {
	name        string
	least, most int
	to          *int
}

// wholes reads parameters.
func (e Env) wholes(all ...between) error {
	for _, p := range all {
		if *p.to = e.Params.Int(p.name); *p.to < p.least || *p.to > p.most {
			return outOfRange(p.name, *p.to, fmt.Sprintf("a number from %d to %d", p.least, p.most))
		}
	}
	return nil
}

// upstreams are whom a node of a coded multicast takes packets from: nobody else.
func (e Env) upstreams() []core.NodeID {
	if e.Upstreams == nil {
		return []core.NodeID{} // nobody: nil would be anybody
	}
	return e.Upstreams
}
