package algos

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Queries (paper, section 3.2, sQuery): a node that wants into a session asks its
// known hosts who can take it in. A node in the session answers the asker
// directly; any other passes the query on, a bounded number of hops.
//
// Copies of a query race each other, and the first to arrive need not have come
// the shortest way. So a node passes a query on again if it comes back with
// farther to go: whoever is within reach is found, whatever the order. In an
// overlay where all links are equally fast that does not happen.

// Query asks for a node that can take another into a session.
type Query struct {
	App   uint32      // the session
	Asker core.NodeID // who wants in
	TTL   int         // hops that the query may go from where it was received: 0 is none

	lane uint32      // application of the message that it came in
	seq  uint64      // of that message; names the query among all of the asker's
	from core.NodeID // the link that it came on
	sure bool        // which shows that its other end is there
}

// queryPayload is a query on the wire.
type queryPayload struct {
	Asker core.NodeID `cbor:"asker"`
	TTL   int         `cbor:"ttl"` // hops that it may still go, this one included: 1 to MaxQueryTTL
}

// Ask sends a query for a session to all known hosts. It reaches nodes up to ttl
// hops away, 1 to MaxQueryTTL. Answers come as messages of type query-ack, whose
// sender can take this node in; the first is remembered as Contact. Ask returns
// how many hosts it asked.
func (b *Base) Ask(app uint32, ttl int) int {
	if ttl < 1 || ttl > MaxQueryTTL {
		panic(fmt.Sprintf("algos: Ask with a ttl of %d, which is not from 1 to MaxQueryTTL", ttl))
	}
	s := b.session(app)
	if s == nil {
		return 0
	}
	s.contact = core.NodeID{}
	s.asked = true
	m := b.NewControl(wire.TypeQuery, 0, queryPayload{Asker: b.ID(), TTL: ttl})
	m.SetParams(int32(app), int32(b.nextNumber()))
	return b.Disseminate(m, 1, b.Known()...)
}

// ParseQuery reads a query. Errors wrap ErrMalformed.
func ParseQuery(m *core.Msg) (Query, error) {
	var p queryPayload
	if err := Decode(m.Payload(), &p); err != nil {
		return Query{}, fmt.Errorf("query: %w", err)
	}
	q := Query{App: SessionOf(m), Asker: p.Asker, TTL: p.TTL - 1, lane: m.App(), seq: m.Seq(), from: m.From(), sure: m.Proven()}
	switch {
	case q.App == 0:
		return Query{}, fmt.Errorf("query: %w: no session", ErrMalformed)
	case q.Asker.IsZero():
		return Query{}, fmt.Errorf("query: %w: no asker", ErrMalformed)
	case p.TTL < 1 || p.TTL > MaxQueryTTL:
		return Query{}, fmt.Errorf("query: %w: a ttl of %d", ErrMalformed, p.TTL)
	}
	return q, nil
}

// AnswerQuery tells the asker that this node can take it in. Anybody can put anybody's
// ID into a query, so answers to askers that are not the other end of the link, or have
// not proven that they are, are bounded in rate; what is beyond counts as refused and is not sent.
func (b *Base) AnswerQuery(q Query) {
	if (q.from != q.Asker || !q.sure) && !b.answers.take(b.Now(), thirdPartyBurst, thirdPartyRate) {
		b.refused.count++
		return
	}
	m := b.NewMsg(wire.TypeQueryAck, q.lane, 0)
	m.SetSeq(q.seq)
	b.Send(m, q.Asker)
}

// RelayQuery passes a query on to the hosts, but for the asker and this node, if
// it has farther to go. It returns how many it was sent to.
func (b *Base) RelayQuery(q Query, hosts ...core.NodeID) int {
	return b.relayQuery(q, core.NodeID{}, hosts)
}

func (b *Base) relayQuery(q Query, from core.NodeID, hosts []core.NodeID) (sent int) {
	payload := Encode(queryPayload{Asker: q.Asker, TTL: q.TTL})
	if q.TTL < 1 || len(payload) > b.capacity() {
		return 0
	}
	m := b.newFilled(wire.TypeQuery, q.lane, payload)
	m.SetSeq(q.seq)
	for _, h := range hosts {
		if h != q.Asker && h != from && h != b.ID() {
			b.Send(m, h)
			sent++
		}
	}
	return sent
}

// queried is the default for a query.
func (b *Base) queried(m *core.Msg) {
	q, err := ParseQuery(m)
	if err != nil || q.Asker != b.ID() && !b.canReach(q.Asker) {
		b.bad++
		return
	}
	if q.Asker == b.ID() {
		return // an echo
	}
	farther := uint8(q.TTL + 1)
	before := b.mark(fingerprint(q.Asker, wire.TypeQuery, q.App, q.seq), farther)
	switch {
	case before >= farther:
	case !b.InSession(q.App):
		if q.TTL > 0 && b.mayPassOn(m) {
			b.relayQuery(q, m.From(), b.Known())
		}
	case before == 0:
		b.AnswerQuery(q)
	}
}

// answered is the default for an answer: the first one to a query of this node's
// is remembered.
func (b *Base) answered(m *core.Msg, app uint32) {
	i, there := b.findSession(app)
	switch {
	case !b.canReach(m.Sender()):
		b.bad++
	case !there || !b.sessions[i].asked:
		b.unhandled++ // nobody here wants to know
	case m.Sender() != m.From():
		b.refuse(m) // members answer directly: somebody names a third node
	case b.sessions[i].contact.IsZero():
		b.sessions[i].contact = m.Sender()
	}
}
