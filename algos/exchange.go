package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Exchange passes the pieces of one thing among peers, each of which passes on what it has got so far (swarming; BitTorrent's "have",
// "request" and "piece"). Peers are told of pieces that have come, and asked for those of theirs that are missing, the rarest first
// (Pieces). Who the peers are, what a piece has to be, and where it is kept, is the algorithm's affair. Pieces may come in other ways,
// too: Got says so.
//
//	have     control, to all peers: I have got these pieces. Gathered for Wait
//	request  control: send me these pieces
//	data     a piece, of application App; its number is the piece's
//
// A node that is asked sends a piece at once. So it waits in the queue of its lane, of which there is a bound by peer, and stops nobody;
// requests beyond that are not served, and not remembered. What strangers tell counts for nothing, and if they ask they are told that
// they are no peers.
//
// It keeps these counters of the node: bad (pieces that Take has refused), duplicates, unasked (pieces that nobody had asked that
// peer for), and refused (requests beyond the bound, or for pieces that are not here).
//
// Set the fields, and in Bind call Open, and have Received called with the data:
//
//	x.Handle(wire.TypeData, x.exchange.Received)
type Exchange struct {
	Base        *Base
	Peers       *Peering      // who is asked and told
	Pieces      Pieces        // NewPieces: what is here, and what peers have
	TypeHave    core.Type     // of the control messages: what is here, and
	TypeRequest core.Type     // what is wanted
	App         uint32        // of the data, from 1
	InFlight    int           // most pieces that a peer is asked for at once, from 1: as many as it takes to keep the link busy
	Wait        time.Duration // how long pieces that have come are gathered before peers are told
	Timeout     time.Duration // after which a peer is late with a piece; after a third of it another one may be asked for that, too

	Read  func(piece int) []byte            // one that is here; read until the next call
	Take  func(piece int, data []byte) bool // keeps a copy of one that is as it should be; false: who sent it is banned
	OnGot func(piece int)                   // is told of each that is here from now on; nil: nobody is

	news Gather[uint32]
}

// numbers are a pack.Body.
type numbers []uint32

func (n *numbers) Fields(f *pack.Fields) { pack.List(f, (*[]uint32)(n), (*pack.Fields).Uint32) }

// slack is how many times what this node would ask for at once may wait for a peer, which may be set to ask for more.
const slack = 4

// Open begins the exchange with all who become peers.
func (e *Exchange) Open() {
	e.Base.Counters("bad", "duplicates", "unasked", "refused")
	e.Base.Metric("bad").Add(0) // it is reported though nobody lies
	e.news = Gather[uint32]{Base: e.Base, Wait: e.Wait, Most: pack.MaxList, Flush: e.tell}
	e.Peers.OnChange(func(peer core.NodeID, up bool) {
		if up {
			e.Pieces.Join(peer)
		} else {
			e.Pieces.Leave(peer)
		}
	})
	OnLent(e.Base, e.TypeHave, func(m *core.Msg, pieces *numbers) {
		e.Pieces.Told(m.From(), *pieces...)
		e.Ask(m.From())
	})
	OnLent(e.Base, e.TypeRequest, e.requested)
}

// ToldAll notes all pieces that a peer has, as it says when it becomes one, and asks for some. It reports whether they are of a thing of
// as many as this one.
func (e *Exchange) ToldAll(peer core.NodeID, has *Bits) bool {
	if has.Len() != e.Pieces.Have.Len() {
		return false
	}
	e.Pieces.ToldAll(peer, has)
	e.Ask(peer)
	return true
}

// Ask asks a peer for pieces until InFlight are under way. It is called when something has come from the peer; and is to be called now
// and then for all peers, for what others were asked for and are late with.
func (e *Exchange) Ask(peer core.NodeID) {
	now := e.Base.Now()
	if pieces := numbers(e.Pieces.Ask(peer, e.InFlight, e.Base.Rand(), now, now-e.Timeout/3)); len(pieces) > 0 {
		e.Base.Post(peer, e.TypeRequest, &pieces)
	}
}

// Late are the peers that were asked for a piece and have not sent it within Timeout. What they were asked for is asked of others when
// they are peers no longer.
func (e *Exchange) Late() []core.NodeID { return e.Pieces.Late(e.Base.Now() - e.Timeout) }

// Got notes that a piece is here, and has peers told. It is called for those that Take has kept; and is to be called for those that
// have come in another way.
func (e *Exchange) Got(piece int) {
	if !e.Pieces.Have.Add(piece) {
		return
	}
	if e.news.Add(uint32(piece)); e.OnGot != nil {
		e.OnGot(piece)
	}
}

func (e *Exchange) tell(pieces []uint32) {
	e.Base.PostAll(e.Pieces.Peers(), e.TypeHave, (*numbers)(&pieces))
}

// requested sends pieces to a peer.
func (e *Exchange) requested(m *core.Msg, pieces *numbers) {
	peer := m.From()
	if !e.Peers.Knows(peer) {
		return
	}
	for _, i := range *pieces {
		if _, waiting := e.Base.Queued(peer, e.App); waiting >= slack*e.InFlight || !e.Pieces.Have.Has(int(i)) {
			e.Base.Metric("refused").Add(1)
			continue
		}
		piece := e.Base.newFilled(wire.TypeData, e.App, e.Read(int(i)))
		piece.SetSeq(uint64(i))
		e.Base.Send(piece, peer)
	}
}

// Received takes in a piece that a peer has sent, and asks for another one in its place.
func (e *Exchange) Received(m *core.Msg) {
	peer, i := m.From(), int(min(m.Seq(), MaxBits))
	switch {
	case m.App() != e.App || !e.Pieces.Answered(peer, i):
		e.Base.Metric("unasked").Add(1)
		return
	case e.Pieces.Have.Has(i):
		e.Base.Metric("duplicates").Add(1)
	case !e.Take(i, m.Payload()):
		e.Base.Metric("bad").Add(1)
		e.Peers.Ban(peer)
		return
	default:
		e.Got(i)
	}
	e.Ask(peer)
}
