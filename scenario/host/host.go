package host

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Host is the algorithm that a scenario's node runs: the one that the scenario
// names, and around it what counts and obeys.
type Host struct {
	inner   core.Algorithm
	node    *core.Node
	first   []Command // to obey before the first message
	tally   tally
	sources []*source
	slow    slowness
	books   books
	guard   guard
	data    []core.Type // of the algorithm, that carry data in another form
	told    *toldOf     // nil: nobody asks
	players []*player   // of applications that are media

	receivers []*receiver // of applications that are files
	files     bool        // there are some

	unbound any // what the algorithm panicked with in Bind, with the stack
}

// New makes the host of a node.
func New(r *Registry, s Setup) (*Host, error) {
	known, ok := r.Params(s.Algorithm)
	if !ok {
		return nil, fmt.Errorf("host: there is no algorithm %q", s.Algorithm)
	}
	params, err := spec.ParseParams(known, s.Params)
	if err != nil {
		return nil, fmt.Errorf("host: the algorithm %q: %w", s.Algorithm, err)
	}
	h := &Host{first: s.Commands, data: r.Data(s.Algorithm)}
	if h.players, err = newPlayers(r, s); err != nil {
		return nil, err
	}
	h.receivers = newReceivers(s)
	h.files = slices.ContainsFunc(s.Apps, func(a App) bool { return a.File })
	inner, err := r.Make(s.Algorithm, Env{Name: s.Name, Downstreams: s.Downstreams, Upstreams: s.Upstreams, Contacts: s.Contacts,
		Sources: s.Sources, Apps: s.Apps, Params: params, Delivered: h.tally.delivered, Take: taker(h.receivers)})
	if err != nil {
		return nil, err
	}
	if b, ok := inner.(interface{ AddHost(core.NodeID) bool }); ok { // algos.Base
		for _, id := range s.Contacts {
			b.AddHost(id)
		}
	}
	h.inner = inner
	h.guard.begin(inner, s.CheckEvery)
	if len(h.players)+len(h.receivers) > 0 {
		h.guard.of = &watched{h.guard.of, h.players, h.receivers}
	}
	if s.Told {
		h.told = new(toldOf)
	}
	if s.Follow > 0 {
		h.tally.follow = &follow{dense: uint64(s.Follow)}
	}
	return h, nil
}

// Inner is the algorithm that the scenario names.
func (h *Host) Inner() core.Algorithm { return h.inner }

// Bind implements core.Algorithm.
func (h *Host) Bind(n *core.Node) {
	h.node = n
	if f := h.tally.follow; f != nil {
		f.node = n
	}
	h.bind(n)
	for _, p := range h.players {
		p.Measure(n)
	}
	for _, r := range h.receivers {
		r.Measure(n)
	}
}

// bind calls the algorithm's Bind. A panic in it ends the node with its first message, as one in Process does in every world:
// in Bind there is no node yet that could end.
func (h *Host) bind(n *core.Node) {
	defer func() {
		if v := recover(); v != nil {
			h.unbound = fmt.Sprintf("in Bind: %v\n%s", v, debug.Stack())
			h.guard.of = nil // whose state was never made
		}
	}()
	h.inner.Bind(n)
}

// Process implements core.Algorithm. It notes when the algorithm panics.
func (h *Host) Process(m *core.Msg) core.Verdict {
	returned := false
	defer func() {
		if !returned {
			h.books.crashAt = h.node.Now()
		}
	}()
	t := m.Type() // the message may be gone afterwards
	v := h.process(m)
	if h.guard.of != nil {
		h.guard.event(h.node, t)
	}
	returned = true
	return v
}

func (h *Host) process(m *core.Msg) core.Verdict {
	if h.told != nil {
		h.told.note(h.node, m)
	}
	if len(h.players) > 0 && h.see(m) || h.files && h.seeFiles(m) {
		return core.Done
	}
	switch m.Type() {
	case wire.TypeStarted:
		if h.unbound != nil {
			panic(h.unbound)
		}
		for _, c := range h.first {
			h.Obey(c)
		}
		h.first = nil
	case wire.TypeData:
		if !m.From().IsZero() {
			h.tally.data(m)
		} else if h.tally.follow != nil {
			h.tally.follow.shown(m, h.sources)
		}
	case wire.TypeBrokenSource:
		h.tally.app(m.App()).Broken++
	case wire.TypeLinkDown, wire.TypeSendFailed:
		h.books.noRoom(m)
	case wire.TypeTimer:
		if m.TimerID() == slowTimer {
			h.slow.due(h)
			return core.Done
		}
	default:
		if len(h.data) > 0 && slices.Contains(h.data, m.Type()) && !m.From().IsZero() {
			h.tally.coded(m)
		}
	}
	if h.slow.takes(h, m) {
		return core.Hold
	}
	return h.inner.Process(m)
}

// Obey does what a command asks for.
func (h *Host) Obey(c Command) {
	switch c.Op {
	case OpBandwidth:
		setBandwidth(h.node, c.Bandwidth)
	case OpLink:
		setLink(h.node, c.Peer, c.Link)
	case OpDefaultLink:
		setDefaultLink(h.node, c.Link)
	case OpStartSource:
		h.startSource(c)
	case OpStopSource:
		h.stopSource(c.App)
	case OpJoin, OpLeave:
		h.membership(c)
	case OpSlow:
		h.slow.set(h, c.PerMessage)
	case OpSend:
		h.send(c.Message)
	default:
		panic(fmt.Sprintf("host: there is no command %q", c.Op))
	}
}

func (h *Host) startSource(c Command) {
	s := newSource(c)
	h.sources = append(h.sources, s)
	h.node.AddSource(c.App, s)
}

// stopSource ends the sources of an application, now or when they have sent what was
// due before.
func (h *Host) stopSource(app uint32) {
	now, takeAway := h.node.Now(), true
	for _, s := range h.sources {
		if s.app == app && !s.stop(now) {
			takeAway = false
		}
	}
	if takeAway {
		h.node.StopSource(app)
	}
}

// membership tells the algorithm as the observer would: on the control lane, with
// the session in the first parameter.
func (h *Host) membership(c Command) {
	t := wire.TypeJoin
	if c.Op == OpLeave {
		t = wire.TypeLeave
	}
	m := h.node.NewMsg(t, 0, 0)
	m.SetParams(int32(c.App), 0)
	h.give(m)
}

// slowTimer is the id of the host's own timer: below those of algos.Base, and above
// any that an algorithm would choose.
const slowTimer = 1 << 61

// slowness makes a node take time for each message of an application. Messages that
// wait are held, so they fill their upstream's buffer as they would in a node whose
// processor is too slow.
type slowness struct {
	per     time.Duration // 0: none
	next    time.Duration // when the next message is done
	waiting []*core.Msg
}

func (s *slowness) set(h *Host, per time.Duration) {
	s.per = per
	if per == 0 && len(s.waiting) > 0 {
		s.next = h.node.Now()
		s.due(h)
	}
}

// takes reports whether a message must wait. Whatever belongs to an application
// stays in order.
func (s *slowness) takes(h *Host, m *core.Msg) bool {
	if s.per == 0 && len(s.waiting) == 0 || m.App() == 0 || m.Type().Local() {
		return false
	}
	if len(s.waiting) == 0 {
		s.next = max(s.next, h.node.Now()) + s.per
		h.node.After(s.next-h.node.Now(), slowTimer)
	}
	s.waiting = append(s.waiting, m)
	return true
}

// due handles every message whose time has come.
func (s *slowness) due(h *Host) {
	for len(s.waiting) > 0 && s.next <= h.node.Now() && !h.node.Ended() {
		m := s.waiting[0]
		s.waiting[0] = nil
		s.waiting = s.waiting[1:]
		if h.inner.Process(m) == core.Done && h.node.Holds(m) { // else it is the algorithm's, or gone
			h.node.Release(m)
		}
		s.next += s.per
	}
	if len(s.waiting) > 0 {
		h.node.After(s.next-h.node.Now(), slowTimer)
	}
}
