package coretest

import "github.com/ioverlay/ioverlay/core"

// Recorder is an algorithm that keeps a description of each message it is given,
// and may pass the message on to a function.
type Recorder struct {
	*core.Node
	Handle func(m *core.Msg) core.Verdict // nil means core.Done
	Got    []Record
}

// Record is what a message said.
type Record struct {
	Type    core.Type
	From    core.NodeID // last hop; zero for events
	Sender  core.NodeID
	App     uint32
	Seq     uint64
	Payload string
}

// Bind implements core.Algorithm.
func (r *Recorder) Bind(n *core.Node) { r.Node = n }

// Process implements core.Algorithm.
func (r *Recorder) Process(m *core.Msg) core.Verdict {
	r.Got = append(r.Got, Record{m.Type(), m.From(), m.Sender(), m.App(), m.Seq(), string(m.Payload())})
	if r.Handle == nil {
		return core.Done
	}
	return r.Handle(m)
}

// Of are the records of one type, in order.
func (r *Recorder) Of(t core.Type) (rs []Record) {
	for _, g := range r.Got {
		if g.Type == t {
			rs = append(rs, g)
		}
	}
	return rs
}
