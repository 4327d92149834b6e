package algos

import (
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Answer has fn called with every request of a type (Call, Ask), its payload read into a
// new Q that is fn's to keep. What fn returns is sent back on the control lane; nil is no answer
// now: Reply sends one later, for a request that was remembered with RequestOf. A
// payload that does not read counts in BadMessages and gets no answer, and so does a
// message of the type that asks for none, unless On has a function for it.
func Answer[PQ pack.BodyOf[Q], PR pack.BodyOf[R], Q, R any](b *Base, t core.Type, fn func(m *core.Msg, q PQ) PR) {
	if fn == nil {
		panic("algos: Answer without a function")
	}
	mustBeAlgorithms("Answer", t)
	b.setHandler(t, handler{request: func(m *core.Msg) {
		q := PQ(new(Q))
		if err := b.kit.fields.Read(m.Payload(), q); err != nil {
			b.bad++
			return
		}
		from := RequestOf(m)
		if r := fn(m, q); r != nil {
			b.Reply(from, r)
		}
	}})
}

// AnswerLater is Answer for what is not known at once: fn gets a function that sends the
// answer, or nothing if there is an error. It may be called within fn or at any time after, once.
func AnswerLater[PQ pack.BodyOf[Q], PR pack.BodyOf[R], Q, R any](b *Base, t core.Type, fn func(m *core.Msg, q PQ, reply func(PR, error))) {
	Answer(b, t, func(m *core.Msg, q PQ) PR {
		from := RequestOf(m)
		fn(m, q, func(r PR, err error) {
			if err == nil {
				b.Reply(from, r)
			}
		})
		return nil
	})
}

// Request is a request to be answered: what is to be remembered of its message, which is
// gone when Process returns. It may be kept and compared; the zero value is none.
type Request struct {
	from   core.NodeID // the link that it came on
	a, b   int32       // its parameters
	proven bool        // that the link leads to where it says
	size   int         // of its payload
}

// RequestOf is the request that a message is. It is the zero Request if the message asks
// for no answer.
func RequestOf(m *core.Msg) Request {
	if !asks(m) {
		return Request{}
	}
	a, b := m.Params()
	return Request{m.From(), a, b, m.Proven(), len(m.Payload())}
}

// asks reports whether a message of an algorithm's type asks for an answer: it has a
// number, and came on a link to send one to.
func asks(m *core.Msg) bool {
	_, number := m.Params()
	return number > 0 && m.App() == 0 && m.Type() >= wire.FirstAlgorithmType && !m.From().IsZero()
}

// From is the node that asked: the other end of the link that the request came on.
func (r Request) From() core.NodeID { return r.from }

// Reply answers a request, with a packed body or an empty one with nil. It reports
// whether it sent the answer: not to the zero Request; and to a peer whose link does not
// show that it is where it says (core.Msg.Proven), none that is longer than its request,
// and no more of them than trust.go allows. Those count as refused.
func (b *Base) Reply(r Request, body pack.Body) bool {
	if r.b <= 0 || !b.canReach(r.from) {
		return false
	}
	m := b.NewPacked(wire.TypeAnswer, 0, body)
	if !r.proven && (len(m.Payload()) > r.size || !b.answers.take(b.Now(), thirdPartyBurst, thirdPartyRate)) {
		b.refused.count++
		return false
	}
	m.SetParams(r.a, r.b)
	b.Send(m, r.from)
	return true
}
