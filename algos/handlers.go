package algos

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Handlers: functions for types of messages, in place of cases in Process. Base.Process
// calls them, so what an algorithm's own Process keeps to itself has none. They are set
// once, in Bind or when the node has started.

// On has fn called with every message of a type, of an algorithm (256 up), and its
// payload, read into a new T, which is fn's to keep; of the message that is true only
// until fn returns. A payload that does not read counts in BadMessages, and fn is not
// called. Messages of the type that ask for an answer come to Answer's function, if there is
// one, and else here too: RequestOf and Reply answer them.
func On[P pack.BodyOf[T], T any](b *Base, t core.Type, fn func(m *core.Msg, body P)) {
	if fn == nil {
		panic("algos: On without a function")
	}
	mustBeAlgorithms("On", t)
	b.setHandler(t, handler{plain: func(m *core.Msg) {
		body := P(new(T))
		if err := b.kit.fields.Read(m.Payload(), body); err != nil {
			b.bad++
			return
		}
		fn(m, body)
	}})
}

// OnLent is On for what comes so often that a new body for each message would tell: fn has its body until it returns, and the next
// message is read into the same one, lists into the memory that they had. So Fields has to name all fields of a body, whatever they
// hold. A message that is much longer than others has a new body, whose memory is not kept.
func OnLent[P pack.BodyOf[T], T any](b *Base, t core.Type, fn func(m *core.Msg, body P)) {
	if fn == nil {
		panic("algos: OnLent without a function")
	}
	mustBeAlgorithms("OnLent", t)
	lent := P(new(T))
	b.setHandler(t, handler{plain: func(m *core.Msg) {
		body := lent
		if len(m.Payload()) > maxLent {
			body = P(new(T))
		}
		if b.Unpack(m, body) {
			fn(m, body)
		}
	}})
}

// maxLent is up to how many bytes of payload are read into a body that is kept.
const maxLent = 4 << 10

// Unpack reads a message's payload into a body, and reports whether it could; a payload that does not read counts in
// BadMessages. It is for functions of Handle that are called so often that a new body each time, which On has, would tell:
// lists are read into what the body had before (pack.List), and all else that it had should be cleared.
func (b *Base) Unpack(m *core.Msg, body pack.Body) bool {
	err := b.tools().fields.Read(m.Payload(), body)
	if err != nil {
		b.bad++
	}
	return err == nil
}

// Handle has fn called with every message of a type: one of an algorithm's own, data, or
// control, or an event of the engine (started, world-up, link-down, send-failed and so
// on), which Base handles as well, before fn. Timers of Base's do not come to it. The
// types that only an observer may send, and those that Base answers, are handled in
// Process.
func (b *Base) Handle(t core.Type, fn func(m *core.Msg)) {
	switch {
	case fn == nil:
		panic("algos: Handle without a function")
	case t.Local() || t >= wire.FirstAlgorithmType && t <= wire.MaxType:
	case t == wire.TypeData || t == wire.TypeControl || t == wire.TypeBrokenSource || t == wire.TypeSessionEnd:
	default:
		panic(fmt.Sprintf("algos: Handle of type %v, which is Base's own: handle it in Process", t))
	}
	b.setHandler(t, handler{plain: fn})
}

// OnFailed has fn called with a node whose link has failed, or that messages to were lost
// because it had, once for each lane and direction in which that shows; not for links that are
// closed in order (core.LinkEvent.Failed), nor when this node stops. It takes the place
// of Handle for link-down and send-failed. An algorithm that embeds another one may call it too: functions are called
// in the order in which they were given.
func (b *Base) OnFailed(fn func(peer core.NodeID)) {
	if fn == nil {
		panic("algos: OnFailed without a function")
	}
	k := b.tools()
	k.failed = append(k.failed, fn)
	if len(k.failed) > 1 {
		return
	}
	failed := func(m *core.Msg) {
		if ev := m.Link(); ev.Failed() && b.Running() {
			for _, fn := range k.failed {
				fn(ev.Peer)
			}
		}
	}
	b.Handle(wire.TypeLinkDown, failed)
	b.Handle(wire.TypeSendFailed, failed)
}

func mustBeAlgorithms(what string, t core.Type) {
	if t < wire.FirstAlgorithmType || t > wire.MaxType {
		panic(fmt.Sprintf("algos: %s of type %v, which belongs to the engine: choose one from wire.FirstUserType up", what, t))
	}
}

// handler is what is done with a type.
type handler struct {
	plain   func(m *core.Msg)
	request func(m *core.Msg) // if it asks for an answer
}

// handlers are the handlers by type. Types that follow each other, which is the usual
// case, are found at once.
type handlers struct {
	types []core.Type // in order
	funcs []handler   // of each
}

func (h *handlers) find(t core.Type) *handler {
	if len(h.types) == 0 {
		return nil
	}
	if i := int(t) - int(h.types[0]); i >= 0 && i < len(h.types) && h.types[i] == t {
		return &h.funcs[i]
	}
	if i, there := slices.BinarySearch(h.types, t); there {
		return &h.funcs[i]
	}
	return nil
}

// setHandler adds to what is done with a type.
func (b *Base) setHandler(t core.Type, add handler) {
	h := &b.tools().handlers
	i, there := slices.BinarySearch(h.types, t)
	if !there {
		h.types = slices.Insert(h.types, i, t)
		h.funcs = slices.Insert(h.funcs, i, handler{})
	}
	f := &h.funcs[i]
	if add.plain != nil && f.plain != nil || add.request != nil && f.request != nil {
		panic(fmt.Sprintf("algos: a second function for messages of type %v", t))
	}
	if add.plain != nil {
		f.plain = add.plain
	} else {
		f.request = add.request
	}
}

// handle calls the handler of a message, and reports whether there is one.
func (b *Base) handle(m *core.Msg) bool {
	if b.kit == nil {
		return false
	}
	f := b.kit.handlers.find(m.Type())
	switch {
	case f == nil:
		return false
	case f.request != nil && asks(m):
		f.request(m)
	case f.plain != nil:
		f.plain(m)
	default:
		b.bad++ // nothing was asked, and there is nothing but answers
	}
	return true
}
