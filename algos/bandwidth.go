package algos

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Changes of emulated bandwidth, and of weights, that come as messages: from the observer
// (paper, section 2.2), or from an algorithm elsewhere.

// BandwidthOrder is the payload of a set-bandwidth message. Without To it sets the
// node's own bandwidth, with To the link to that downstream node. Either way it takes
// the place of all that was set before; a rate of 0 is no limit.
type BandwidthOrder struct {
	Total int64 `cbor:"total,omitempty"` // bytes a second
	Up    int64 `cbor:"up,omitempty"`
	Down  int64 `cbor:"down,omitempty"`

	To      core.NodeID   `cbor:"to,omitzero"`
	Rate    int64         `cbor:"rate,omitempty"`
	Latency time.Duration `cbor:"latency,omitempty"` // ns
	Jitter  string        `cbor:"jitter,omitempty"`  // uniform, normal or exponential
	Spread  time.Duration `cbor:"spread,omitempty"`  // of the jitter, in ns
	Loss    float64       `cbor:"loss,omitempty"`    // share of messages
	Pipe    int64         `cbor:"pipe,omitempty"`    // bytes on the way at most

	Correlation time.Duration `cbor:"correlation,omitempty"` // of the jitter, in ns
}

// OrderBandwidth tells a node to change its own bandwidth.
func (b *Base) OrderBandwidth(node core.NodeID, w emul.Bandwidth) {
	b.Send(b.NewControl(wire.TypeSetBandwidth, 0,
		BandwidthOrder{Total: int64(w.Total), Up: int64(w.Up), Down: int64(w.Down)}), node)
}

// OrderLink tells a node to change its link to another.
func (b *Base) OrderLink(node, to core.NodeID, e emul.Link) {
	o := BandwidthOrder{To: to, Rate: int64(e.Rate), Latency: e.Latency, Spread: e.Jitter.Spread, Loss: e.Loss, Pipe: e.Pipe,
		Correlation: e.Jitter.Correlation}
	if e.Jitter.Dist != emul.NoJitter {
		o.Jitter = e.Jitter.Dist.String()
	}
	b.Send(b.NewControl(wire.TypeSetBandwidth, 0, o), node)
}

// setBandwidth obeys an order.
func (b *Base) setBandwidth(m *core.Msg) {
	var o BandwidthOrder
	if err := Decode(m.Payload(), &o); err != nil {
		b.bad++
		return
	}
	if o.To.IsZero() {
		w := emul.Bandwidth{Total: emul.Rate(o.Total), Up: emul.Rate(o.Up), Down: emul.Rate(o.Down)}
		if w.Check() != nil || o != (BandwidthOrder{Total: o.Total, Up: o.Up, Down: o.Down}) {
			b.bad++
			return
		}
		b.SetBandwidth(w)
		return
	}
	e, err := o.link()
	if err != nil || !b.canReach(o.To) {
		b.bad++
		return
	}
	b.SetLink(o.To, e)
}

// link is an order for a link.
func (o BandwidthOrder) link() (e emul.Link, err error) {
	if o.Total != 0 || o.Up != 0 || o.Down != 0 {
		return e, fmt.Errorf("%w: an order for a node and a link at once", ErrMalformed)
	}
	e = emul.Link{Rate: emul.Rate(o.Rate), Latency: o.Latency, Loss: o.Loss, Pipe: o.Pipe}
	e.Jitter.Spread, e.Jitter.Correlation = o.Spread, o.Correlation
	if o.Jitter != "" {
		if e.Jitter.Dist, err = emul.ParseDistribution(o.Jitter); err != nil {
			return e, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	if err := e.Check(); err != nil {
		return e, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

// WeightOrder is the payload of a set-weight message: the share of an upstream of the node when several compete.
type WeightOrder struct {
	From   core.NodeID `cbor:"from,omitzero"` // zero for the sources of the node itself
	App    uint32      `cbor:"app"`
	Weight int         `cbor:"weight"` // 1 to core.MaxWeight
}

// setWeight obeys an order.
func (b *Base) setWeight(m *core.Msg) {
	var o WeightOrder
	if err := Decode(m.Payload(), &o); err != nil || o.Weight < 1 || o.Weight > core.MaxWeight || !o.From.IsZero() && !b.canReach(o.From) {
		b.bad++
		return
	}
	b.SetWeight(o.From, o.App, o.Weight)
}
