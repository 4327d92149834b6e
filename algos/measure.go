package algos

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Measurements on request (paper, section 2.2: latency and available bandwidth to
// any node, connected or not). Each ends in one Measured message to the algorithm,
// whatever happens; ParseMeasured reads it. They use the control lane, so a
// saturated session's queue is not in their way; on a link with emulated bandwidth
// they compete with its sessions for that.
//
//	latency    a ping that opens the lane, then five, one after another
//	bandwidth  trains of messages, ever longer until one takes long enough (train.go)
//
// A node answers whoever asks, on a link of its own: the answer goes to the other end of
// the link that the question came on, whatever its sender says. An answer to a question that was
// not asked, or that makes no sense, is counted in BadMessages.

// Measurement is the result of a measurement.
type Measurement struct {
	Peer   core.NodeID   `cbor:"-"`      // the node measured
	What   string        `cbor:"what"`   // "latency" or "bandwidth"
	Min    time.Duration `cbor:"min"`    // of round-trips
	Median time.Duration `cbor:"median"` // of round-trips
	Rate   uint64        `cbor:"rate"`   // bandwidth available to one more stream, bytes a second, headers included
	Cost   uint64        `cbor:"cost"`   // bytes that were sent for it, headers included
	// Instant says of a bandwidth without a result that all came in no time, as between nodes in memory that
	// nothing limits: there is more than can be measured.
	Instant bool   `cbor:"instant"`
	Failed  string `cbor:"failed"` // why there is no result; empty if there is one
}

// The two things that can be measured.
const (
	Latency   = "latency"
	Bandwidth = "bandwidth"
)

// measurement is one under way.
type measurement struct {
	peer     core.NodeID
	what     string
	token    uint64        // of the ping or the train that is on its way
	sent     time.Duration // when that was sent
	deadline time.Duration
	rounds   int             // pings answered
	rtts     []time.Duration // of all but the first
	train    int             // bytes in the train
	cost     uint64
}

// probing is all that a node measures, and takes part in.
type probing struct {
	mine   []measurement
	trains []train // of others, oldest first
}

// MeasureLatency asks for the round-trip time to a node. It reports whether the
// measurement has begun: not if one to that node is under way, or too many are.
func (b *Base) MeasureLatency(dest core.NodeID) bool {
	m := b.measure(dest, Latency)
	if m != nil {
		b.ping(m)
	}
	return m != nil
}

// MeasureBandwidth asks for the available bandwidth to a node. It reports whether
// the measurement has begun, as MeasureLatency does. It sends up to about 10 MB.
func (b *Base) MeasureBandwidth(dest core.NodeID) bool {
	m := b.measure(dest, Bandwidth)
	if m != nil {
		b.sendTrain(m, firstTrain)
	}
	return m != nil
}

// ParseMeasured reads a Measured message. It panics for messages of any other type;
// errors wrap ErrMalformed.
func ParseMeasured(m *core.Msg) (Measurement, error) {
	if m.Type() != wire.TypeMeasured {
		panic("algos: ParseMeasured of a message that is no result: " + m.Type().String())
	}
	var r Measurement
	if err := Decode(m.Payload(), &r); err != nil {
		return Measurement{}, fmt.Errorf("measurement: %w", err)
	}
	r.Peer = m.Sender()
	return r, nil
}

// measure begins a measurement; nil if it cannot.
func (b *Base) measure(dest core.NodeID, what string) *measurement {
	p := &b.probing
	if !b.canReach(dest) || len(p.mine) >= maxMeasurements || b.measuring(dest) != nil {
		return nil
	}
	p.mine = append(p.mine, measurement{peer: dest, what: what})
	return &p.mine[len(p.mine)-1]
}

func (b *Base) measuring(dest core.NodeID) *measurement {
	for i := range b.probing.mine {
		if b.probing.mine[i].peer == dest {
			return &b.probing.mine[i]
		}
	}
	return nil
}

// begin starts a step of a measurement: its answer must carry the token.
func (b *Base) begin(m *measurement) {
	m.token = b.Rand().Uint64()
	m.sent = b.Now()
	m.deadline = m.sent + measureTimeout
	b.awaitAnswers()
}

// awaitAnswers sets the timer for the earliest deadline, or none.
func (b *Base) awaitAnswers() {
	if len(b.probing.mine) == 0 {
		b.Cancel(measureTimer)
		return
	}
	next := slices.MinFunc(b.probing.mine, func(x, y measurement) int { return int(x.deadline - y.deadline) })
	b.After(next.deadline-b.Now(), measureTimer)
}

// measureTimedOut ends the measurements that have had no answer in time.
func (b *Base) measureTimedOut() {
	for _, m := range slices.Clone(b.probing.mine) {
		if m.deadline <= b.Now() {
			b.finish(m, Measurement{Failed: fmt.Sprintf("no answer within %v", measureTimeout)})
		}
	}
	b.awaitAnswers()
}

// measureFailed ends a measurement whose control lane is gone.
func (b *Base) measureFailed(ev core.LinkEvent) {
	if m := b.measuring(ev.Peer); m != nil && ev.App == 0 {
		b.finish(*m, Measurement{Failed: "link down: " + ev.Reason.String()})
	}
}

// finish ends a measurement and tells the algorithm.
func (b *Base) finish(m measurement, r Measurement) {
	b.probing.mine = slices.DeleteFunc(b.probing.mine, func(x measurement) bool { return x.peer == m.peer })
	r.What, r.Cost = m.what, m.cost
	b.TellMeasured(m.peer, Encode(r))
	b.awaitAnswers()
}

// ping sends the next ping of a measurement.
func (b *Base) ping(m *measurement) {
	b.begin(m)
	p := b.NewMsg(wire.TypePing, 0, 0)
	p.SetSeq(m.token)
	m.cost += uint64(p.Len())
	b.Send(p, m.peer)
}

// ponged takes an answer to a ping. The algorithm may have sent pings of its own, so
// one that nobody here waits for is nobody's business.
func (b *Base) ponged(p *core.Msg) {
	m := b.measuring(p.From())
	if m == nil || m.what != Latency || p.Seq() != m.token {
		b.unhandled++
		return
	}
	if m.rounds > 0 { // the first opened the lane
		m.rtts = append(m.rtts, b.Now()-m.sent)
	}
	if m.rounds++; len(m.rtts) < pings {
		b.ping(m)
		return
	}
	slices.Sort(m.rtts)
	b.finish(*m, Measurement{Min: m.rtts[0], Median: m.rtts[len(m.rtts)/2]})
}

// putProbe writes what a probe's payload begins with.
func putProbe(p []byte, number, length int) {
	binary.BigEndian.PutUint32(p, uint32(number))
	binary.BigEndian.PutUint32(p[4:], uint32(length))
}
