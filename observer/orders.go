package observer

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// Control sends a command to its targets, and tells an event for each, with who gave it. It is called on the node's loop.
// A command that makes no sense is an error that wraps ErrCommand, and nothing is sent.
func (o *Observer) Control(c *Command, by string) ([]Result, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	by = clean(by, maxName)
	if c.Targets.All {
		results := make([]Result, 0, len(o.up))
		all := slices.Clone(o.up)
		slices.SortFunc(all, func(a, b *member) int { return int(a.index) - int(b.index) })
		for _, m := range all {
			results = append(results, o.order(m, c, by))
		}
		o.flush()
		return results, nil
	}
	var results []Result
	done := make(map[*member]bool, len(c.Targets.List))
	for _, t := range c.Targets.List {
		m, err := o.find(t)
		switch {
		case err != nil:
			results = append(results, Result{Named: t.String(), Error: err.Error()})
		case !done[m]: // who is named twice is told once
			done[m] = true
			results = append(results, o.order(m, c, by))
		}
	}
	o.flush()
	return results, nil
}

// find finds the node that a target names.
func (o *Observer) find(t Target) (*member, error) {
	if t.isNum {
		if int(t.index) < len(o.members) && o.members[t.index] != nil {
			return o.members[t.index], nil
		}
		return nil, fmt.Errorf("there is no node %d", t.index)
	}
	if id, err := core.ParseNodeID(t.text); err == nil {
		if m := o.byID[id]; m != nil {
			return m, nil
		}
		return nil, fmt.Errorf("there is no node at %v", id)
	}
	switch named := o.byName[t.text]; len(named) {
	case 0:
		return nil, fmt.Errorf("there is no node called %q", clean(t.text, maxName))
	case 1:
		return named[0], nil
	default:
		return nil, fmt.Errorf("%d nodes are called %q: name it by its address or its index", len(named), clean(t.text, maxName))
	}
}

// order sends a command to one node.
func (o *Observer) order(m *member, c *Command, by string) Result {
	r := Result{Node: &m.index, Named: nameOf(m)}
	if !m.up {
		r.Error = "it is down"
		return r
	}
	msg, err := o.message(c)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	if c.Action == Request {
		o.ask(m)
	} else {
		o.Send(msg, m.id)
	}
	r.Sent = true
	o.counts.Controls++
	kind := record.EventControl
	if c.Action == TerminateNode || c.Action == TerminateSource {
		kind = record.EventTerminate
	}
	o.event(record.Event{Kind: kind, Node: record.To(m.index), App: c.App, Text: c.String(), By: by})
	return r
}

// message is the command as a message. It is one that can be sent once, or as often as there are nodes.
func (o *Observer) message(c *Command) (*core.Msg, error) {
	other := func(t Target) (core.NodeID, error) {
		m, err := o.find(t)
		if err != nil {
			return core.NodeID{}, err
		}
		return m.id, nil
	}
	session := func(t core.Type, payload []byte) *core.Msg {
		// On the control lane, with the application as a parameter: a lane of the session would make the observer one of
		// its upstreams, and its end the session's.
		m := o.NewMsg(t, 0, len(payload))
		copy(m.Payload(), payload)
		m.SetParams(int32(c.App), c.B)
		return m
	}
	switch c.Action {
	case SetBandwidth:
		w := algos.BandwidthOrder{Total: int64(c.Total), Up: int64(c.Up), Down: int64(c.Down)}
		if err := (emul.Bandwidth{Total: emul.Rate(w.Total), Up: emul.Rate(w.Up), Down: emul.Rate(w.Down)}).Check(); err != nil {
			return nil, err
		}
		return o.NewControl(wire.TypeSetBandwidth, 0, w), nil
	case SetLink:
		to, err := other(c.To)
		if err != nil {
			return nil, err
		}
		return o.NewControl(wire.TypeSetBandwidth, 0, algos.BandwidthOrder{To: to, Rate: int64(c.Rate), Latency: seconds(c.Latency),
			Jitter: c.Jitter, Spread: seconds(c.Spread), Loss: c.Loss}), nil
	case Deploy:
		return session(wire.TypeDeploy, c.bytes()), nil
	case TerminateSource:
		return session(wire.TypeTerminateSource, nil), nil
	case TerminateNode:
		return o.NewMsg(wire.TypeTerminateNode, 0, 0), nil
	case Join:
		return session(wire.TypeJoin, nil), nil
	case Leave:
		return session(wire.TypeLeave, nil), nil
	case SetWeight:
		w := algos.WeightOrder{App: c.App, Weight: c.Weight}
		if !c.From.IsZero() {
			from, err := other(c.From)
			if err != nil {
				return nil, err
			}
			w.From = from
		}
		return o.NewControl(wire.TypeSetWeight, 0, w), nil
	case Message:
		payload := c.bytes()
		m := o.NewMsg(core.Type(c.Type), c.App, len(payload))
		copy(m.Payload(), payload)
		m.SetParams(c.A, c.B)
		return m, nil
	}
	return nil, nil // a request: it has no message of its own here
}
