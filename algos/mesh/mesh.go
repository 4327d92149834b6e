// Package mesh brings a file to many nodes in blocks, each of which passes on what it has got so far: D. Kostić,
// A. Rodriguez, J. Albrecht, A. Vahdat, "Bullet: high bandwidth data dissemination using an overlay mesh", SOSP 2003;
// B. Cohen, "Incentives build robustness in BitTorrent", Workshop on Economics of Peer-to-Peer Systems 2003.
//
// A node has some peers, drawn at random by Cyclon, knows which blocks they have, and asks each for up to InFlight at once: those
// first that the fewest of its peers have. So all blocks become frequent soon, everybody has something to give, and all uplinks are
// used, not only the source's.
//
// # Messages
//
//	meet     a request: be my peer; I have these blocks. Answered with those of the other, or with a set of no blocks: no
//	have     control, to all peers that lack them: I have got these blocks. Gathered for Batch
//	request  control: send me these blocks
//	bye      control: we are no peers, or no longer
//	data     a block of application App: its number is the block's
//
// A block waits in the queue of its lane and stops nobody (it is made on a control message), control is never behind
// blocks, and no lane waits for another, though the mesh is full of circles.
//
// # Use
//
// Make one with [New] for an application and a [File]: what is known of the file, and what this node has of it. Contacts are the
// known hosts of [algos.Base] (AddHost, or bootstrap in a scenario). OnBlock is told of each block. Figures: the counters blocks (that
// came and were right), bad (whose hash was wrong), duplicates, unasked (that nobody had asked that peer for), and refused
// (requests beyond what an honest peer has open, or for blocks that are not here); the gauge left, of missing blocks; the
// state chunks, as "37 of 640", once a Round.
//
// # Guarantees
//
//   - Only blocks with the right hash are kept, each once. Who sends another is no peer any more, and does not become one again
//     while a node remembers it: the last 64.
//   - A node that finds peers which together have all blocks gets all: what a peer was asked for and has not sent within
//     Timeout, or when its link fails, others are asked for. Who has peers that have nothing for it changes one for a contact
//     once a Round, so that parts of the mesh come together again.
//   - Nobody needs the source once there is a copy of each block elsewhere, on nodes that live.
//   - A node has up to 2·Peers peers, up to InFlight requests open to each, and up to 4·InFlight blocks waiting for each.
//
// # Limits
//
// Who joins has to know the file's hashes (BitTorrent's metainfo). Nobody is made to give: who takes and gives nothing is served like
// the others. A peer may claim blocks that it has not, and costs Timeout then.
//
// # Deviations
//
//   - There is no choking, so no tit for tat: what is open is bounded by who asks.
//   - Bullet sends down a tree first, and its mesh mends what was lost; here is no tree. Its RanSub is Cyclon.
//   - When all that a peer has is asked for, it is asked for what another has been asked for and has not sent in a third of
//     Timeout (BitTorrent's end game), of two peers at most, and nothing is called back: it may come twice.
package mesh

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeMeet core.Type = wire.FirstAlgorithmType + 112 + iota
	typeHave
	typeRequest
	typeBye
)

// blocks are numbers of blocks.
type blocks []uint32

func (b *blocks) Fields(f *pack.Fields) { pack.List(f, (*[]uint32)(b), (*pack.Fields).Uint32) }

// File is what is known of the file, and what a node has of it. [Sums] makes some that are in memory.
type File interface {
	Blocks() int                     // of the whole file, up to algos.MaxBits
	Sum(block int) [sha256.Size]byte // its hash
	Has(block int) bool              // asked when the node starts
	Read(block int) []byte           // one that is there; read until the next call
	Write(block int, data []byte)    // keeps a copy of one whose hash is right
}

// Mesh is the algorithm of one node. Make it with New; fields may be changed before the node starts.
type Mesh struct {
	cyclon.Cyclon
	File            File
	App             uint32        // of the blocks, from 1
	Peers, InFlight int           // a node looks for peers until it has so many, from 1; most requests that a peer has to answer, from 1
	Batch           time.Duration // how long blocks that have come are gathered before peers are told
	Round, Timeout  time.Duration // between two looks for peers; how long an answer may take
	OnBlock         func(block int)

	pieces algos.Pieces
	news   algos.Gather[uint32]
	liars  algos.View
}

// New makes a node.
func New(app uint32, file File) *Mesh {
	return &Mesh{Cyclon: *cyclon.New(), App: app, File: file, Peers: 10, InFlight: 2, Batch: 100 * time.Millisecond,
		Round: time.Second, Timeout: 15 * time.Second, OnBlock: func(int) {}, liars: algos.View{Max: 64}}
}

// Have are the blocks that are here: read it, and do not change it.
func (x *Mesh) Have() *algos.Bits { return &x.pieces.Have }

// Bind implements core.Algorithm.
func (x *Mesh) Bind(n *core.Node) {
	x.Cyclon.Bind(n)
	x.pieces = algos.NewPieces(x.File.Blocks(), x.File.Has)
	x.Counters("blocks", "bad", "duplicates", "unasked", "refused")
	x.Metric("bad").Add(0) // it is reported though nobody lies
	x.news = algos.Gather[uint32]{Base: &x.Base, Wait: x.Batch, Most: pack.MaxList}
	x.news.Flush = func(came []uint32) { x.PostAll(x.pieces.Peers(), typeHave, (*blocks)(&came)) }
	algos.Answer(&x.Base, typeMeet, x.met)
	algos.On(&x.Base, typeHave, func(m *core.Msg, b *blocks) {
		x.pieces.Told(m.From(), *b...)
		x.ask(m.From())
	})
	algos.On(&x.Base, typeRequest, x.requested)
	x.Handle(typeBye, func(m *core.Msg) { x.pieces.Leave(m.From()) })
	x.OnFailed(func(id core.NodeID) { x.pieces.Leave(id) })
	x.Handle(wire.TypeData, x.received)
	x.Handle(wire.TypeBrokenSource, func(*core.Msg) { x.Repair() }) // blocks have no single source
	x.Handle(wire.TypeStarted, func(*core.Msg) { x.Every(x.Round, x.round) })
}

// round parts from who does not answer, or needs nothing and has nothing to give; asks the others for what somebody has not sent;
// and looks for more.
func (x *Mesh) round() {
	whole := x.pieces.Have.Full()
	for _, id := range x.pieces.Late(x.Now() - x.Timeout) {
		x.part(id)
	}
	for _, id := range slices.Clone(x.pieces.Peers()) {
		if x.ask(id); whole && x.pieces.IsFull(id) {
			x.part(id)
		}
	}
	if !whole && x.pieces.Idle() { // whom it has met, and whom Cyclon knows, may all be on one side of a cut
		x.part(algos.One(x.Rand(), x.pieces.Peers()))
		x.meet(algos.One(x.Rand(), x.Contacts()))
	}
	for i := len(x.pieces.Peers()); i < x.Peers && !whole; i++ {
		x.meet(x.Peer())
	}
	x.Gauge("left").Set(float64(x.pieces.Have.Len() - x.pieces.Have.Count()))
	x.State("chunks", fmt.Sprint(x.pieces.Have.Count(), " of ", x.pieces.Have.Len()))
}

// meet asks a node to be a peer. It is one at once, so that it is told of what comes before it has answered.
func (x *Mesh) meet(id core.NodeID) {
	if id.IsZero() || x.pieces.IsPeer(id) || x.liars.Has(id) {
		return
	}
	x.pieces.Join(id)
	algos.Ask(&x.Base, id, typeMeet, &x.pieces.Have, x.Timeout, func(has *algos.Bits, err error) {
		if err != nil || has.Len() != x.pieces.Have.Len() {
			x.pieces.Leave(id)
		} else {
			x.know(id, has)
		}
	})
}

// know takes in which blocks a peer has.
func (x *Mesh) know(id core.NodeID, has *algos.Bits) {
	x.pieces.ToldAll(id, has)
	x.ask(id)
}

// met answers who wants to be a peer.
func (x *Mesh) met(m *core.Msg, has *algos.Bits) *algos.Bits {
	id := m.From()
	if has.Len() != x.pieces.Have.Len() || x.liars.Has(id) || len(x.pieces.Peers()) >= 2*x.Peers && !x.pieces.IsPeer(id) {
		return &algos.Bits{}
	}
	x.pieces.Join(id)
	x.know(id, has)
	return &x.pieces.Have
}

// part ends that a node is a peer, and lets it know.
func (x *Mesh) part(id core.NodeID) {
	if x.pieces.Leave(id) {
		x.Post(id, typeBye, nil)
	}
}

// ask asks a peer for blocks until InFlight are under way.
func (x *Mesh) ask(id core.NodeID) {
	if want := blocks(x.pieces.Ask(id, x.InFlight, x.Rand(), x.Now(), x.Now()-x.Timeout/3)); len(want) > 0 {
		x.Post(id, typeRequest, &want)
	}
}

// requested sends blocks to a peer.
func (x *Mesh) requested(m *core.Msg, want *blocks) {
	if !x.pieces.IsPeer(m.From()) {
		x.Post(m.From(), typeBye, nil)
		return
	}
	for _, b := range *want {
		if _, waiting := x.Queued(m.From(), x.App); waiting >= 4*x.InFlight || !x.pieces.Have.Has(int(b)) {
			x.Metric("refused").Add(1)
			continue
		}
		data := x.File.Read(int(b))
		out := x.NewMsg(wire.TypeData, x.App, len(data))
		copy(out.Payload(), data)
		out.SetSeq(uint64(b))
		x.Send(out, m.From())
	}
}

// received takes a block in, and asks for another one in its place.
func (x *Mesh) received(m *core.Msg) {
	id, b := m.From(), int(min(m.Seq(), algos.MaxBits))
	switch {
	case !x.pieces.Answered(id, b):
		x.Metric("unasked").Add(1)
		return
	case x.pieces.Have.Has(b):
		x.Metric("duplicates").Add(1)
	case sha256.Sum256(m.Payload()) != x.File.Sum(b):
		x.Metric("bad").Add(1)
		x.liars.Add(id)
		x.part(id)
		return
	default:
		x.Metric("blocks").Add(1)
		x.File.Write(b, m.Payload())
		x.pieces.Have.Add(b)
		x.news.Add(uint32(b))
		x.OnBlock(b)
	}
	x.ask(id)
}
