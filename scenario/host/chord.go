package host

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/chord"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

const (
	successors = "successors"
	tries      = "tries"
	lookups    = "lookups"
)

// newChord is Chord, with lookups to measure it by. Whom a node joins, it is told by
// bootstrap, or by a link of the scenario.
func newChord() Algorithm {
	d := chord.New()
	params := []spec.Param{
		{Name: successors, Kind: spec.Whole, Default: d.Successors.Max, About: "Most nodes in the list of successors, from 1 to 255."},
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often a node stabilizes, and looks one finger up, from 1ms."},
		{Name: timeout, Kind: spec.Time, Default: d.Timeout, About: "How long an answer may take, from 1ms."},
		{Name: tries, Kind: spec.Whole, Default: d.Tries, About: "How often a lookup is tried if there is no answer, from 1 to 255."},
		{Name: lookups, Kind: spec.Time, Default: time.Duration(0), About: "How often a node looks a random key up, and asks the owner whether it is that: the figures lookups, failed, wrong, hops and seconds; 0: never."},
	}
	return Algorithm{Name: "chord", Params: params, New: func(e Env) (core.Algorithm, error) {
		c := &chordNode{Chord: chord.New(), every: e.Params.Time(lookups)}
		c.Successors.Max, c.Tries = e.Params.Int(successors), e.Params.Int(tries)
		c.Period, c.Timeout = e.Params.Time(period), e.Params.Time(timeout)
		switch {
		case c.Successors.Max < 1 || c.Successors.Max > 255:
			return nil, outOfRange(successors, c.Successors.Max, "a number from 1 to 255")
		case c.Tries < 1 || c.Tries > 255:
			return nil, outOfRange(tries, c.Tries, "a number from 1 to 255")
		case c.Period < time.Millisecond:
			return nil, outOfRange(period, c.Period, "1ms or more")
		case c.Timeout < time.Millisecond:
			return nil, outOfRange(timeout, c.Timeout, "1ms or more")
		case c.every < 0:
			return nil, outOfRange(lookups, c.every, "0 or more")
		}
		for _, id := range e.Downstreams {
			c.AddHost(id)
		}
		return c, nil
	}}
}

// chordNode is a node of Chord that looks keys up, if it is told to.
type chordNode struct {
	*chord.Chord
	every                time.Duration
	asked, failed, wrong *metric.Counter
}

// Bind implements core.Algorithm.
func (c *chordNode) Bind(n *core.Node) {
	c.Chord.Bind(n)
	if c.every > 0 {
		c.asked, c.failed, c.wrong = c.Metric("lookups"), c.Metric("failed"), c.Metric("wrong")
		c.wrong.Add(0) // it is there though nothing goes wrong
		c.Handle(wire.TypeStarted, func(*core.Msg) { c.Every(c.every, c.lookup) })
	}
}

// lookup looks a random key up. The owner has to say that it is that.
func (c *chordNode) lookup() {
	key, began := algos.Key(c.Rand().Uint64()), c.Now()
	c.asked.Add(1)
	c.Gauge("successors").Set(float64(len(c.Successors.All())))
	c.Lookup(key, func(r *chord.Found, err error) {
		if err != nil {
			c.failed.Add(1)
			return
		}
		c.Histogram("hops").Record(float64(r.Hops))
		c.Histogram("seconds").RecordTime(c.Now() - began)
		if r.Owner.ID == c.ID() {
			return
		}
		algos.Ask(&c.Base, r.Owner.ID, chord.TypeFind, &chord.Found{Key: key}, c.Timeout, func(a *chord.Found, err error) {
			if err != nil || a.Owner != r.Owner {
				c.wrong.Add(1)
			}
		})
	})
}
