package algos

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Trains: messages sent at once, whose dispersal where they arrive is the time that
// the bottleneck needed for them.
//
//	sendTrain      the messages, and a mark behind them
//	probed         the receiver leaves out the first quarter, which an emulated limit
//	               lets through faster than its rate, and times the others, in six
//	               parts: their median is not moved by a pause of a busy machine
//	probeReported  long enough to trust? else another train, for about 0.3 s at what
//	               this one says, and at most eight times as long as it
//
// Cost: 32 KiB up to about 100 KB/s; beyond that, up to 0.3 s of what the bottleneck
// carries and a fifth more for the trains before it, at most about 10.3 MiB.

// probeHead is what a probe's payload begins with: its number and the train's length.
const probeHead = 8

// probeReport is the payload of a report on a train.
type probeReport struct {
	Bytes uint64        `cbor:"bytes"` // that came after the first quarter
	Time  time.Duration `cbor:"ns"`    // in which they came
	Got   int           `cbor:"got"`   // messages
	Rate  uint64        `cbor:"rate"`  // median of the parts, bytes a second; 0 if there is none
}

// train is one of another node's, as far as it has come.
type train struct {
	from  core.NodeID
	token uint64
	got   int
	bytes uint64 // after the first quarter
	first time.Duration
	last  time.Duration
	parts [trainParts]part
}

// trainParts is how many parts of what is timed are timed each for itself.
const trainParts = 6

type part struct {
	bytes uint64
	last  time.Duration // when its last message came
}

// sendTrain sends a train of about the given number of bytes.
func (b *Base) sendTrain(m *measurement, bytes int) {
	b.begin(m)
	size := min(max(bytes/trainProbes, minProbe), maxProbe, b.capacity())
	size = max(size, probeHead)
	count := min(max(8, bytes/size), 2*trainProbes) // less than what may wait for a lane
	m.train = 0
	for i := range count + 1 {
		if i == count {
			size = probeHead // the mark
		}
		p := b.NewMsg(wire.TypeProbe, 0, size)
		clear(p.Payload())
		putProbe(p.Payload(), i, count)
		p.SetSeq(m.token)
		m.train += p.Len()
		b.Send(p, m.peer)
	}
	m.cost += uint64(m.train)
}

// probed takes a message of another node's train.
func (b *Base) probed(m *core.Msg) {
	p := m.Payload()
	if len(p) < probeHead || !b.canReach(m.From()) {
		b.bad++
		return
	}
	number, length := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	if number > length || length > maxTrain/minProbe {
		b.bad++
		return
	}
	i := slices.IndexFunc(b.probing.trains, func(t train) bool { return t.from == m.From() && t.token == m.Seq() })
	if i < 0 {
		if len(b.probing.trains) >= maxTrains {
			b.probing.trains = slices.Delete(b.probing.trains, 0, 1)
		}
		b.probing.trains = append(b.probing.trains, train{from: m.From(), token: m.Seq()})
		i = len(b.probing.trains) - 1
	}
	t := &b.probing.trains[i]
	if number < length {
		t.note(b.Now(), m.Len(), number, length)
		return
	}
	report := Encode(probeReport{Bytes: t.bytes, Time: t.last - t.first, Got: t.got, Rate: t.rate()})
	b.probing.trains = slices.Delete(b.probing.trains, i, i+1)
	if !b.mayAnswer(m, len(report)) {
		return
	}
	r := b.newFilled(wire.TypeProbeReport, 0, report)
	r.SetSeq(m.Seq())
	b.Send(r, m.From())
}

// note counts a message. The time runs from the end of the first quarter.
func (t *train) note(now time.Duration, bytes int, number, length uint32) {
	t.got++
	t.last = now
	quarter := length / 4
	if number < quarter {
		t.first = now
		return
	}
	t.bytes += uint64(bytes)
	p := &t.parts[(number-quarter)*trainParts/(length-quarter)]
	p.bytes += uint64(bytes)
	p.last = now
}

// rate is the median of the parts, in bytes a second; 0 if one of those in the middle
// came at once.
func (t *train) rate() uint64 {
	var rates []float64
	before := t.first
	for _, p := range t.parts {
		if p.bytes > 0 {
			rates = append(rates, float64(p.bytes)/max(p.last-before, 1).Seconds())
			before = p.last
		}
	}
	if len(rates) < trainParts {
		return 0
	}
	slices.Sort(rates)
	const ceiling = 1e12 // beyond what any memory moves: it came at once
	if r := (rates[trainParts/2-1] + rates[trainParts/2]) / 2; r < ceiling {
		return uint64(r)
	}
	return 0
}

// probeReported takes the report on a train.
func (b *Base) probeReported(msg *core.Msg) {
	m := b.measuring(msg.From())
	var r probeReport
	if m == nil || m.what != Bandwidth || msg.Seq() != m.token || Decode(msg.Payload(), &r) != nil ||
		r.Bytes > uint64(m.train) || r.Time < 0 || r.Time > b.Now()-m.sent {
		b.bad++
		return
	}
	rate := math.Inf(1)
	if r.Time > 0 {
		rate = float64(r.Bytes) / r.Time.Seconds()
	}
	next := int(min(rate*trainTime.Seconds(), float64(trainGrowth*m.train), maxTrain))
	if r.Time >= goodTrain || next <= m.train {
		switch {
		case r.Bytes == 0:
			b.finish(*m, Measurement{Failed: "the train was lost on the way"})
			return
		case r.Time == 0:
			b.finish(*m, Measurement{Failed: "the train came all at once: faster than can be measured", Instant: true})
			return
		}
		if r.Rate > 0 {
			rate = float64(r.Rate)
		}
		b.finish(*m, Measurement{Rate: uint64(rate)})
		return
	}
	b.sendTrain(m, next)
}
