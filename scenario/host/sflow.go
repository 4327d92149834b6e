package host

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/sflow"
	"github.com/ioverlay/ioverlay/algos/sflow/services"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// sflowWork is what a service can do in a scenario, where sinks check the content that the source made.
var sflowWork = map[string]sflow.Service{
	"pass": nil, "join": sflow.Join, "compress": services.Compress, "decompress": services.Decompress(1 << 20),
}

// newSFlow is service federation. Nodes know each other by bootstrap, or without it by the links of the scenario; a federation begins with
// the message federate.
func newSFlow() Algorithm {
	const assign, does, choose, period, patience, fresh, limit = "service", "does", "choose", "period", "patience", "fresh", "timeout"
	d := sflow.New(sflow.Assignment{})
	params := []spec.Param{
		{Name: assign, Kind: spec.Text, Default: "", About: "The node's service and its place in the service graph, such as \"scale < camera > join, screen\"; none if empty."},
		{Name: does, Kind: spec.Text, Default: "pass", About: "What the service does: pass, join (one message of a number, when all inputs have brought it), compress, or decompress."},
		{Name: choose, Kind: spec.Text, Default: "rate", About: "Which instance a step gets: rate (that can be sent most to), or random, to compare with."},
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often a node tells its neighbours in the service graph that it is there, from 1ms."},
		{Name: patience, Kind: spec.Whole, Default: d.Patience, About: "Periods without a sign until an instance is taken for gone, from 2 to 1024."},
		{Name: fresh, Kind: spec.Time, Default: d.Fresh, About: "How long a measured throughput is good for."},
		{Name: limit, Kind: spec.Time, Default: d.Timeout, About: "How long a round of a federation may take, from 1ms."},
	}
	return Algorithm{Name: "sflow", Params: params, Types: map[string]core.Type{"assign": sflow.TypeAssign, "federate": sflow.TypeFederate}, New: func(e Env) (core.Algorithm, error) {
		var first sflow.Assignment
		if text := e.Params.Text(assign); text != "" {
			var err error
			if first, err = sflow.ParseAssignment(text); err != nil {
				return nil, outOfRange(assign, text, err.Error())
			}
		}
		s := sflow.New(first)
		work, known := sflowWork[e.Params.Text(does)]
		if !known {
			return nil, outOfRange(does, e.Params.Text(does), "pass, join, compress or decompress")
		}
		s.Default = work
		switch v := e.Params.Text(choose); v {
		case "rate":
		case "random":
			s.Choose = func(offers []sflow.Offer) int { return s.Rand().IntN(len(offers)) }
		default:
			return nil, outOfRange(choose, v, "rate or random")
		}
		if s.Period = e.Params.Time(period); s.Period < time.Millisecond {
			return nil, outOfRange(period, s.Period, "1ms or more")
		}
		if s.Patience = e.Params.Int(patience); s.Patience < 2 || s.Patience > 1024 {
			return nil, outOfRange(patience, s.Patience, "a number from 2 to 1024")
		}
		if s.Fresh = e.Params.Time(fresh); s.Fresh < 0 {
			return nil, outOfRange(fresh, s.Fresh, "0 or more")
		}
		if s.Timeout = e.Params.Time(limit); s.Timeout < time.Millisecond {
			return nil, outOfRange(limit, s.Timeout, "1ms or more")
		}
		if len(e.Contacts) == 0 { // which are known hosts as they are
			for _, id := range e.Downstreams {
				s.AddHost(id)
			}
		}
		return s, nil
	}}
}
