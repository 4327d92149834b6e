package host

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/hyparview"
	"github.com/ioverlay/ioverlay/algos/plumtree"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Whom a node joins, it is told by bootstrap, or by a link of the scenario.
const (
	activeView  = "active-view"
	passiveView = "passive-view"
	arwl        = "arwl"
	prwl        = "prwl"
	period      = "period"
	keep        = "keep"
	keepBytes   = "keep-bytes"
	batch       = "batch"
	timeout     = "timeout"
	faster      = "faster"
)

func hyparviewParams() []spec.Param {
	d := hyparview.New()
	return []spec.Param{
		{Name: activeView, Kind: spec.Whole, Default: d.Active, About: "Most neighbours of a node, from 1 to 255."},
		{Name: passiveView, Kind: spec.Whole, Default: d.Passive, About: "Most nodes that neighbours are replaced from, from 1 to 255."},
		{Name: arwl, Kind: spec.Whole, Default: int(d.ARWL), About: "Hops of the walk that tells of a newcomer, from 1 to 255."},
		{Name: prwl, Kind: spec.Whole, Default: int(d.PRWL), About: "Hops left of it where a passive view takes the newcomer in."},
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often a node shuffles its views, from 1ms."},
	}
}

// setHyparview sets the parameters of a node.
func setHyparview(h *hyparview.HyParView, e Env) error {
	small := []struct {
		name string
		set  func(int)
	}{
		{activeView, func(v int) { h.Active = v }},
		{passiveView, func(v int) { h.Passive = v }},
		{arwl, func(v int) { h.ARWL = uint8(v) }},
	}
	for _, p := range small {
		v := e.Params.Int(p.name)
		if v < 1 || v > 255 {
			return outOfRange(p.name, v, "a number from 1 to 255")
		}
		p.set(v)
	}
	v := e.Params.Int(prwl)
	if v > int(h.ARWL) {
		return outOfRange(prwl, v, "a number up to "+arwl)
	}
	h.PRWL = uint8(v)
	if h.Period = e.Params.Time(period); h.Period < time.Millisecond {
		return outOfRange(period, h.Period, "1ms or more")
	}
	for _, id := range e.Downstreams {
		h.AddHost(id)
	}
	return nil
}

func newHyparview() Algorithm {
	return Algorithm{Name: "hyparview", Params: hyparviewParams(), New: func(e Env) (core.Algorithm, error) {
		h := hyparview.New()
		return h, setHyparview(h, e)
	}}
}

// newPlumtree is Plumtree over HyParView.
func newPlumtree() Algorithm {
	d := plumtree.New()
	params := append(hyparviewParams(),
		spec.Param{Name: keep, Kind: spec.Whole, Default: d.Recent.Max, About: "How many messages of each stream a node keeps for those that miss them, from 1 to 65536."},
		spec.Param{Name: keepBytes, Kind: spec.Whole, Default: algos.MaxRecentBytes, About: "How many bytes all messages that a node keeps may take, headers included, from 1024 to 1073741824."},
		spec.Param{Name: batch, Kind: spec.Time, Default: d.Batch, About: "How long announcements are gathered before they are sent."},
		spec.Param{Name: timeout, Kind: spec.Time, Default: d.Missing.Wait, About: "How long an announced message may take to come before it is asked for, from 1ms."},
		spec.Param{Name: faster, Kind: spec.Time, Default: d.Faster, About: "How much earlier than a message its announcement must come for the link that brought it to take the other's place in the tree; 0: never."})
	return Algorithm{Name: "plumtree", Params: params, New: func(e Env) (core.Algorithm, error) {
		p := plumtree.New()
		if err := setHyparview(&p.HyParView, e); err != nil {
			return nil, err
		}
		const most = 1 << 16
		if p.Recent.Max = e.Params.Int(keep); p.Recent.Max < 1 || p.Recent.Max > most {
			return nil, outOfRange(keep, p.Recent.Max, "a number from 1 to 65536")
		}
		const least, mostBytes = 1 << 10, 1 << 30
		if p.Recent.MaxBytes = e.Params.Int(keepBytes); p.Recent.MaxBytes < least || p.Recent.MaxBytes > mostBytes {
			return nil, outOfRange(keepBytes, p.Recent.MaxBytes, "a number from 1024 to 1073741824")
		}
		p.Batch, p.Missing.Wait, p.Faster = e.Params.Time(batch), e.Params.Time(timeout), e.Params.Time(faster)
		if p.Missing.Wait < time.Millisecond {
			return nil, outOfRange(timeout, p.Missing.Wait, "1ms or more")
		}
		return p, nil
	}}
}
