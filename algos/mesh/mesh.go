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
//	have     control, to all peers: I have got these blocks. Gathered for Batch
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
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeMeet core.Type = wire.FirstAlgorithmType + 112 + iota
	typeHave
	typeRequest
	typeBye
)

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

	peers algos.Peering
	swap  algos.Exchange
}

// New makes a node.
func New(app uint32, file File) *Mesh {
	return &Mesh{Cyclon: *cyclon.New(), App: app, File: file, Peers: 10, InFlight: 2, Batch: 100 * time.Millisecond,
		Round: time.Second, Timeout: 15 * time.Second, OnBlock: func(int) {}}
}

// Have are the blocks that are here: read it, and do not change it.
func (x *Mesh) Have() *algos.Bits { return &x.swap.Pieces.Have }

// Bind implements core.Algorithm.
func (x *Mesh) Bind(n *core.Node) {
	x.Cyclon.Bind(n)
	x.Counters("blocks")
	x.peers = algos.Peering{View: algos.View{Max: 2 * x.Peers}, Base: &x.Base, Bye: typeBye}
	x.swap = algos.Exchange{
		Base: &x.Base, Peers: &x.peers, Pieces: algos.NewPieces(x.File.Blocks(), x.File.Has),
		TypeHave: typeHave, TypeRequest: typeRequest, App: x.App, InFlight: x.InFlight, Wait: x.Batch, Timeout: x.Timeout,
		Read: x.File.Read, Take: x.take, OnGot: func(block int) { x.OnBlock(block) },
	}
	x.swap.Open()
	algos.Accept(&x.peers, typeMeet, x.Have(), x.swap.ToldAll)
	x.Handle(typeBye, func(m *core.Msg) { x.peers.Remove(m.From()) })
	x.OnFailed(func(id core.NodeID) { x.peers.Remove(id) })
	x.Handle(wire.TypeData, x.swap.Received)
	x.Handle(wire.TypeBrokenSource, func(*core.Msg) { x.Repair() }) // blocks have no single source
	x.Handle(wire.TypeStarted, func(*core.Msg) { x.Every(x.Round, x.round) })
}

// round parts from who does not answer, or needs nothing and has nothing to give; asks the others for what somebody has not sent;
// and looks for more.
func (x *Mesh) round() {
	have, pieces := x.Have(), &x.swap.Pieces
	whole := have.Full()
	for _, id := range x.swap.Late() {
		x.peers.Part(id)
	}
	for _, id := range slices.Clone(x.peers.All()) {
		if x.swap.Ask(id); whole && pieces.IsFull(id) {
			x.peers.Part(id)
		}
	}
	if !whole && pieces.Idle() { // whom it has met, and whom Cyclon knows, may all be on one side of a cut
		x.peers.Part(algos.One(x.Rand(), x.peers.All()))
		x.meet(algos.One(x.Rand(), x.Contacts()))
	}
	for i := x.peers.Len(); i < x.Peers && !whole; i++ {
		x.meet(x.Peer())
	}
	x.Gauge("left").Set(float64(have.Len() - have.Count()))
	x.State("chunks", fmt.Sprint(have.Count(), " of ", have.Len()))
}

// meet asks a node to be a peer.
func (x *Mesh) meet(id core.NodeID) {
	algos.Propose(&x.peers, id, typeMeet, x.Have(), x.Timeout, x.swap.ToldAll)
}

// take keeps a block if its hash is right.
func (x *Mesh) take(block int, data []byte) bool {
	if sha256.Sum256(data) != x.File.Sum(block) {
		return false
	}
	x.Metric("blocks").Add(1)
	x.File.Write(block, data)
	return true
}
