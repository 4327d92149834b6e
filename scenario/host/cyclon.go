package host

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// newCyclon is Cyclon among the nodes that come to know each other by bootstrap, or by the
// links of the scenario.
func newCyclon() Algorithm {
	const size, shuffle, walk = "size", "shuffle", "walk"
	d := cyclon.New()
	params := []spec.Param{
		{Name: size, Kind: spec.Whole, Default: d.Size, About: "Most nodes in a view, from 1 to 1024."},
		{Name: shuffle, Kind: spec.Whole, Default: d.Shuffle, About: "Most entries that a shuffle exchanges, the node itself among them, from 1 to size."},
		{Name: walk, Kind: spec.Whole, Default: int(d.Walk), About: "How often a newcomer is passed on, from 0 to 255."},
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often a node shuffles, from 1ms."},
	}
	return Algorithm{Name: "cyclon", Params: params, New: func(e Env) (core.Algorithm, error) {
		c := cyclon.New()
		c.Size, c.Shuffle, c.Period = e.Params.Int(size), e.Params.Int(shuffle), e.Params.Time(period)
		hops := e.Params.Int(walk)
		switch {
		case c.Size < 1 || c.Size > 1024:
			return nil, outOfRange(size, c.Size, "a number from 1 to 1024")
		case c.Shuffle < 1 || c.Shuffle > c.Size:
			return nil, outOfRange(shuffle, c.Shuffle, "a number from 1 to size")
		case hops < 0 || hops > 255:
			return nil, outOfRange(walk, hops, "a number from 0 to 255")
		case c.Period < time.Millisecond:
			return nil, outOfRange(period, c.Period, "1ms or more")
		}
		c.Walk = uint8(hops)
		for _, id := range e.Downstreams {
			c.AddHost(id)
		}
		return c, nil
	}}
}
