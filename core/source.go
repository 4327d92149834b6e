package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Source is an application that produces data messages at a node (paper,
// section 2.2: the application layer). Its messages meet the node's algorithm
// exactly as messages from an upstream node do.
type Source interface {
	// Produce hands over the next run of whole frames, at most about one slab,
	// and with it one reference on the run's slab. It is called only when the
	// node has switched all that it produced before.
	Produce(n *Node) Supply

	// Close is called once, when nothing will be asked of the source any more: it
	// lets go of the slabs it keeps.
	Close()
}

// Supply is what a source has to say when it is asked.
type Supply struct {
	Run  Run           // a slab of nil means nothing now
	Wake time.Duration // with no run: ask again at this time; 0 means after WakeSource only
	End  bool          // with no run: the source is exhausted
}

// Sink is an application that consumes data messages at a node.
type Sink interface {
	// Consume is handed a message that has arrived. It is valid until Consume
	// returns.
	Consume(n *Node, m *Msg)
}

// sourceLane joins a source to its in-lane.
type sourceLane struct {
	lane    *InLane
	src     Source
	timer   uint64
	willing bool // in the shard's list of sources to ask
}

// AddSource starts a source of application app at the node. Its frames must be
// of that application and of a type that may cross a link.
func (n *Node) AddSource(app uint32, src Source) {
	if app == 0 {
		panic("core: AddSource with application 0, which is the control lane")
	}
	if n.state > nodeRunning { // ends before it begins
		src.Close()
		n.post(event{typ: wire.TypeSourceEnd, app: app, reason: ReasonStopped, dir: Upstream})
		return
	}
	sl := &sourceLane{src: src}
	sl.lane = n.newInLane(NodeID{}, app, sl)
	n.addSource(sl)
	sl.want()
}

// addSource gives a source a timer, by which it is found without looking at others.
func (n *Node) addSource(sl *sourceLane) {
	i := len(n.sources)
	if free := len(n.vacant); free > 0 {
		i = n.vacant[free-1]
		n.vacant = n.vacant[:free-1]
		n.sources[i] = sl
	} else {
		n.sources = append(n.sources, sl)
	}
	sl.timer = sourceTimer | uint64(i+1)
}

// dropSource takes its timer back.
func (n *Node) dropSource(sl *sourceLane) {
	n.shard.rt.StopTimer(&n.sw, sl.timer)
	i := int(sl.timer&^sourceTimer) - 1
	n.sources[i] = nil
	if n.vacant = append(n.vacant, i); len(n.vacant) == len(n.sources) {
		n.sources, n.vacant = nil, nil
	}
}

// sourceOf is the source that a timer is for, or nil.
func (n *Node) sourceOf(timer uint64) *sourceLane {
	if i := timer&^sourceTimer - 1; i < uint64(len(n.sources)) {
		return n.sources[i]
	}
	return nil
}

// StopSource ends the sources of an application at the node. What they produced
// is still delivered. The algorithm is told with SourceEnd.
func (n *Node) StopSource(app uint32) {
	for l := range n.ofApp(app) {
		if l.from.IsZero() {
			l.End(ReasonEnded, nil)
		}
	}
}

// WakeSource asks the sources of an application again that had nothing.
func (n *Node) WakeSource(app uint32) {
	for l := range n.ofApp(app) {
		if sl, ok := l.tr.(*sourceLane); ok && !l.Busy() {
			sl.want()
		}
	}
}

// supplier is who adds data when nothing else is to be done: a source, or the pull hook
// of a lane (pull.go).
type supplier interface{ turn() }

// Sources reports whether a source or a pull hook would produce if it were asked.
func (s *Shard) Sources() bool { return len(s.sources) > 0 }

// Inject asks every willing source for one run, and every pull hook that may go on for
// as much: once, when nothing else on the loop is ready. A source that is always ready would otherwise put a slab on
// every node of a chain, and its bytes would leave the cache (docs/decisions.md:
// drain before inject).
func (s *Shard) Inject() {
	asked := s.sources
	s.sources = s.sources[len(s.sources):]
	for i, who := range asked {
		asked[i] = nil
		who.turn()
	}
	if len(s.sources) == 0 {
		s.sources = asked[:0]
	}
}

// want puts the source in the list of those to ask.
func (sl *sourceLane) want() {
	if sl.willing || sl.lane.closed {
		return
	}
	sl.willing = true
	sh := sl.lane.node.shard
	sh.sources = append(sh.sources, sl)
}

// turn implements supplier.
func (sl *sourceLane) turn() {
	sl.willing = false
	sl.lane.node.shard.serving = sl.lane.node
	sl.ask()
}

// ask takes the next run from the source.
func (sl *sourceLane) ask() {
	l := sl.lane
	if l.closed || l.Busy() { // busy: it was asked by its timer meanwhile
		return
	}
	defer l.node.guard()
	s := sl.src.Produce(l.node)
	switch {
	case s.Run.Slab != nil:
		l.Feed(s.Run)
	case s.End:
		l.End(ReasonEnded, nil)
	case s.Wake > 0:
		l.node.shard.rt.SetTimer(&l.node.sw, s.Wake, sl.timer)
	}
}

// Drained implements InTransport: the source is asked again in its turn.
func (sl *sourceLane) Drained(l *InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		r.Slab.Release()
		if r.Len != 0 {
			panic("core: a source produced part of a frame")
		}
	}
	sl.want()
	return false
}

// Close implements InTransport.
func (sl *sourceLane) Close(*InLane, CloseHow) { sl.src.Close() }
