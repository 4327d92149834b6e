package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// Emulation at a node (paper, section 2.2): its bandwidth in total, up and down, and
// the bandwidth, latency, jitter and loss of its links to downstream nodes. The rates
// are package emul's; here is where they meet the lanes:
//
//	out  queue ─transmit─▶ emulator ─arrive─▶ transport          linkemul.go
//	in   transport ─▶ lane ─servePaced─▶ switch           pacein.go
//
// A node without emulation has no pacer, and its messages meet a comparison with nil
// a burst. With one, a single timer wakes the node when something that waits may go
// on, and none if nothing waits.

// pacer is the emulation of one node. It belongs to the node's loop.
type pacer struct {
	node      *Node
	shaper    emul.Shaper
	bandwidth emul.Bandwidth
	interval  time.Duration
	rng       *rand.Rand // of loss and jitter
	upstreams []upShare
	lines     lineHeap      // of the lanes with messages in flight
	brought   time.Duration // when something arrived last
	now       time.Duration // of the run of the shaper under way
	armed     time.Duration // when the timer is set for; 0 if it is not

	plain    emul.Link            // what links do that nobody has set
	settings map[NodeID]emul.Link // what SetLink has set
}

// upShare is what the lanes of an upstream node share.
type upShare struct {
	from   NodeID
	shared *emul.Shared
	lanes  int
}

// pacing is the node's pacer, made when something is to be emulated.
func (n *Node) pacing() *pacer {
	if n.pace == nil {
		seed := n.rng.Uint64()
		n.pace = &pacer{node: n, interval: emul.DefaultInterval, rng: Rand(seed)}
	}
	return n.pace
}

// SetBandwidth limits what the node may send and receive, in place of what was set
// before; the zero Bandwidth lifts the limits. It takes effect at once, while traffic
// flows. What is counted is in package emul. It panics if b.Check() fails.
func (n *Node) SetBandwidth(b emul.Bandwidth) {
	if err := b.Check(); err != nil {
		panic("core: SetBandwidth: " + err.Error())
	}
	if n.pace == nil && b == (emul.Bandwidth{}) {
		return
	}
	p := n.pacing()
	p.bandwidth = b
	p.shaper.Set(b, p.interval, n.Now())
	p.refit()
}

// Bandwidth is what SetBandwidth has set.
func (n *Node) Bandwidth() emul.Bandwidth {
	if n.pace == nil {
		return emul.Bandwidth{}
	}
	return n.pace.bandwidth
}

// SetLink says what the link to a downstream node does to the messages on it, in place
// of what was set before, and of what SetDefaultLink says; the zero Link is a plain one.
// The link need not exist yet, and one that was lost and dialled again keeps its settings.
// Several lanes of a link share its rate by their weights (SetLaneWeight). It panics if
// e.Check() fails.
func (n *Node) SetLink(to NodeID, e emul.Link) {
	if err := e.Check(); err != nil {
		panic("core: SetLink: " + err.Error())
	}
	p := n.pacing()
	if p.settings == nil {
		p.settings = make(map[NodeID]emul.Link)
	}
	p.settings[to] = e
	if lk := n.knownLink(to); lk != nil {
		p.set(lk, e)
	} // else when it opens
	p.refit()
}

// SetDefaultLink says what links to downstream nodes do to the messages on them that
// SetLink says nothing of: those that are there, and those that open later. It panics if
// e.Check() fails.
func (n *Node) SetDefaultLink(e emul.Link) {
	if err := e.Check(); err != nil {
		panic("core: SetDefaultLink: " + err.Error())
	}
	if n.pace == nil && e == (emul.Link{}) {
		return
	}
	p := n.pacing()
	p.plain = e
	for _, lk := range n.links {
		if _, set := p.settings[lk.peer]; !set {
			p.set(lk, e)
		}
	}
	p.refit()
}

// set makes a link do what it is told.
func (p *pacer) set(lk *Link, e emul.Link) {
	lk.emul.spec = e
	if e.Rate != emul.Unlimited || lk.emul.shared != nil {
		lk.emul.share().SetRate(e.Rate, p.interval, p.node.Now())
	}
}

// settingOf is what the link to a node is to do.
func (p *pacer) settingOf(to NodeID) emul.Link {
	if e, set := p.settings[to]; set {
		return e
	}
	return p.plain
}

// Link is what the link to a node does: what SetLink or SetDefaultLink has set.
func (n *Node) Link(to NodeID) emul.Link {
	if n.pace == nil {
		return emul.Link{}
	}
	return n.pace.settingOf(to)
}

// SetLaneWeight sets the share of an application's lane to a downstream node when
// lanes compete for emulated bandwidth: 1 (the default) to [MaxWeight]. A link counts
// as its heaviest lane. Without emulated bandwidth it has no effect. The counterpart
// for lanes from upstream is SetWeight.
func (n *Node) SetLaneWeight(to NodeID, app uint32, weight int) {
	if weight < 1 || weight > MaxWeight {
		panic("core: SetLaneWeight with a weight outside 1..MaxWeight")
	}
	lk := n.findLink(to)
	i := slices.IndexFunc(lk.emul.weight, func(w laneWeight) bool { return w.app == app })
	if i < 0 {
		lk.emul.weight = append(lk.emul.weight, laneWeight{app: app})
		i = len(lk.emul.weight) - 1
	}
	lk.emul.weight[i].weight = weight
	for _, l := range lk.lanes {
		if l.app == app && l.emulator != nil && l.emulator.flow != nil {
			n.pace.shaper.SetWeight(l.emulator.flow, weight)
		}
	}
}

// SetPaceInterval sets the span of time over which the node's emulated rates are held,
// emul.DefaultInterval if it is never called: shorter is smoother, longer is more
// accurate. It panics outside emul.MinInterval to emul.MaxInterval.
func (n *Node) SetPaceInterval(d time.Duration) {
	if d < emul.MinInterval || d > emul.MaxInterval {
		panic(fmt.Sprintf("core: SetPaceInterval of %v: want %v to %v", d, emul.MinInterval, emul.MaxInterval))
	}
	p := n.pacing()
	p.interval = d
	p.shaper.Set(p.bandwidth, d, n.Now())
	for _, lk := range n.links {
		if lk.emul.shared != nil {
			lk.emul.shared.SetRate(lk.emul.spec.Rate, d, n.Now())
		}
	}
	p.refit()
}

func (k *linkEmul) share() *emul.Shared {
	if k.shared == nil {
		k.shared = emul.NewShared()
	}
	return k.shared
}

// refit gives every lane what the settings of now ask for, and lets those go on that
// may.
func (p *pacer) refit() {
	for _, lk := range p.node.links {
		for _, l := range lk.lanes {
			p.paceOut(lk, l)
		}
	}
	for l := range p.node.ins.all() {
		p.paceIn(l)
	}
	p.run(p.node.Now())
}

// paceOut gives a lane to downstream a link emulator if it needs one.
func (p *pacer) paceOut(lk *Link, l *OutLane) {
	if l.state == laneClosed {
		return
	}
	limited := p.shaper.Limits(emul.Out) || lk.emul.spec.Rate != emul.Unlimited
	if l.emulator == nil && (limited || lk.emul.spec != (emul.Link{})) {
		l.shut()
		l.emulator = &linkEmulator{lane: l, link: &lk.emul}
		l.emulator.takeOver()
	}
	e := l.emulator
	if e == nil {
		return
	}
	e.flight.Set(lk.emul.spec, p.rateOf(&lk.emul.spec), p.node.Now())
	switch {
	case limited && e.flow == nil:
		e.flow = p.shaper.NewFlow(e, emul.Out, lk.emul.share(), lk.emul.weightOf(l.app))
	case !limited && e.flow != nil:
		p.shaper.Drop(e.flow)
		e.flow = nil
	}
	l.touch()
}

// rateOf is what goes over a link at most.
func (p *pacer) rateOf(e *emul.Link) emul.Rate {
	least := emul.Unlimited
	for _, r := range [...]emul.Rate{e.Rate, p.bandwidth.Up, p.bandwidth.Total} {
		if r != emul.Unlimited && (least == emul.Unlimited || r < least) {
			least = r
		}
	}
	return least
}

// takeOver puts what the transport has begun to write at the far end of the emulated link.
func (e *linkEmulator) takeOver() {
	if q := &e.lane.q; q.cut > 0 {
		e.out.cut, q.cut = q.cut, 0
		r := q.pop()
		e.outBytes, e.outMsgs = int(r.Len-e.out.cut), int(r.Msgs)
		e.out.push(r)
	}
}

// flush is the transport's Flush for a lane with a link emulator: what may be transmitted is, what has
// arrived is sent.
func (p *pacer) flush(l *OutLane) {
	e, now := l.emulator, p.node.Now()
	e.arrive(now)
	switch {
	case !e.wants():
	case e.flow != nil:
		p.shaper.Ask(e.flow, now)
	default:
		e.transmit(1<<62, now)
	}
	if e.flow == nil && e.line.n == 0 && e.link.spec == (emul.Link{}) && l.q.n == 0 {
		e.count(e.outBytes, e.outMsgs)
		l.q, l.emulator = e.out, nil // nothing is emulated any more
		l.tr.Flush(l)
		return
	}
	p.run(now)
	if e.out.n > 0 {
		l.tr.Flush(l)
	}
}

// run grants what there is to grant, and asks to be woken when there is more.
func (p *pacer) run(now time.Duration) {
	p.now = now
	p.shaper.Run(now)
	next := p.shaper.Next(now)
	if len(p.lines) > 0 {
		next = min(next, max(p.lines[0].due, p.brought+p.node.shard.cfg.DelaySlack))
	}
	p.arm(next)
}

// Granted implements emul.Taker.
func (e *linkEmulator) Granted(credit int64) {
	p := e.lane.node.pace
	passed := e.transmit(credit, p.now)
	p.shaper.Settle(e.flow, passed, p.now)
	switch {
	case e.wants():
		p.shaper.Ask(e.flow, p.now)
	case e.lane.q.n > 0:
		p.shaper.Stay(e.flow)
	}
	if e.out.n > 0 {
		e.lane.touch()
	}
}

// arm sets the node's timer. It may go off once too often, after what it was set for
// has gone; that is cheaper than to stop it each time.
func (p *pacer) arm(next time.Duration) {
	if next == emul.Never || p.armed != 0 && p.armed <= next {
		return
	}
	p.armed = next
	p.node.shard.rt.SetTimer(&p.node.sw, next, paceTimer)
}

// fire is the node's timer: what is due arrives, and what waits for credit asks again.
func (p *pacer) fire() {
	p.armed = 0
	now := p.node.Now()
	for len(p.lines) > 0 && p.lines[0].due <= now {
		e := p.lines[0].e
		e.arrive(now)
		if e.out.n > 0 || e.wants() {
			e.lane.touch()
		}
	}
	p.run(now)
}

// list and unlist keep the emulators with messages in flight.
func (p *pacer) list(e *linkEmulator) {
	if e.pos == 0 {
		p.lines.push(e)
	}
}

// came says that something on a lane has arrived.
func (p *pacer) came(e *linkEmulator, now time.Duration) {
	p.brought = now
	if e.line.n > 0 {
		p.lines.fix(e)
	} else {
		p.unlist(e)
	}
}

func (p *pacer) unlist(e *linkEmulator) {
	if e.pos != 0 {
		p.lines.remove(e)
	}
}

// unpace takes a lane out that is closed for good.
func (n *Node) unpace(l *OutLane) {
	if l.emulator != nil && l.emulator.flow != nil {
		n.pace.shaper.Drop(l.emulator.flow)
		l.emulator.flow = nil
	}
}
