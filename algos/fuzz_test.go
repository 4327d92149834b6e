package algos_test

import (
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// FuzzControlPayload gives Base anything that a link can bring, and any event. It
// must not panic, what it knows must stay within its limits, and a message that it
// counts as bad must change nothing.
func FuzzControlPayload(f *testing.F) {
	hosts := algos.Encode(algos.BootReply{Hosts: []core.NodeID{nodeID(1), nodeID(2)}})
	query := algos.Encode(map[string]any{"asker": nodeID(3), "ttl": 7})
	var types []core.Type
	for t := core.Type(1); t <= wire.TypeAnswer; t++ {
		types = append(types, t)
	}
	for t := wire.TypeStarted; t <= wire.TypeDeadlock; t++ {
		types = append(types, t)
	}
	for _, t := range append(types, 127, 255, 256, 1024, wire.MaxType) {
		for _, payload := range [][]byte{nil, hosts, query, {0xa1, 0x65, 'h', 'o', 's', 't', 's'}} {
			f.Add(uint16(t), uint32(0), uint64(5)<<32|1, []byte{10, 0, 0, 1}, uint16(7000), payload)
		}
		f.Add(uint16(t), uint32(5), uint64(1), []byte{0, 0, 0, 0}, uint16(0), query)
	}
	f.Fuzz(func(t *testing.T, typ uint16, app uint32, seq uint64, addr []byte, port uint16, payload []byte) {
		typ = max(typ%uint16(wire.MaxType), 1)
		if core.Type(typ) == wire.TypeHello || len(payload) > 64<<10 {
			return
		}
		h := wire.Header{Type: core.Type(typ), App: app, Seq: seq, Size: len(payload), Sender: wireSender(addr, port)}
		w := coretest.New(t, core.Config{})
		b := &algos.Base{Observer: nodeID(9)}
		w.Node("node", b)
		b.AddHost(nodeID(1))
		b.Join(5)
		w.RunFor(0)

		before := b.Status()
		deliver(w, b, h, payload)
		w.RunFor(0)
		checkBounds(t, b, h.Type)
		if after := b.Status(); after.Bad != before.Bad && !sameKnowledge(before, after) {
			t.Errorf("a bad message changed\n%+v to\n%+v", before, after)
		}
	})
}

func wireSender(addr []byte, port uint16) core.NodeID {
	frame := make([]byte, wire.HeaderSize+16)
	copy(frame[8:12], addr) // offsets of addr and port in a header (docs/wire.md)
	frame[6], frame[7] = byte(port>>8), byte(port)
	return wire.Sender(frame)
}

// deliver brings a message as a peer would, or an event as the engine would.
func deliver(w *coretest.World, b *algos.Base, h wire.Header, payload []byte) {
	if h.Type.Local() {
		w.Deliver(b, h.Type, h.App, h.Seq, payload)
		return
	}
	deliverBy(silent{}, w, b, h, payload)
}

// deliverBy brings a message on a lane of the given transport.
func deliverBy(tr core.InTransport, w *coretest.World, b *algos.Base, h wire.Header, payload []byte) {
	l := w.Switch(b).Accept(nodeID(9), h.App, tr)
	head := wire.HeaderLen(h.Sender)
	slab, err := w.Shard().Pool().GetSize(head + len(payload))
	if err != nil {
		panic(err)
	}
	wire.PutHeader(slab.Bytes(), h)
	copy(slab.Bytes()[head:], payload)
	l.Feed(core.Run{Slab: slab, Len: uint32(head + len(payload)), Msgs: 1})
}

// silent is the transport of a peer that says one thing.
type silent struct{}

func (silent) Drained(l *core.InLane) bool {
	if r := l.TakeRest(); r.Slab != nil {
		r.Slab.Release()
	}
	return false
}

func (silent) Close(*core.InLane, core.CloseHow) {}

// liar is that of a peer whose address is only what it says.
type liar struct{ silent }

func (liar) Proven() bool { return false }

func checkBounds(t *testing.T, b *algos.Base, typ core.Type) {
	t.Helper()
	if b.Ended() != (typ == wire.TypeTerminateNode) {
		t.Errorf("after a message of type %v the node's end is %v", typ, b.Ended())
	}
	for _, ids := range [][]core.NodeID{b.Known(), b.Suspects()} {
		if !slices.IsSortedFunc(ids, core.NodeID.Compare) || len(ids) > algos.MaxHosts || slices.Contains(ids, b.ID()) {
			t.Errorf("hosts %v", ids)
		}
	}
	if s := b.Status(); s.Apps > 2 {
		t.Errorf("one message made %d sessions of 1", s.Apps)
	}
}

// sameKnowledge compares all but traffic and the count of bad messages.
func sameKnowledge(a, b algos.Status) bool {
	return a.Hosts == b.Hosts && a.Suspects == b.Suspects && a.Unhandled == b.Unhandled &&
		a.Consumed == b.Consumed && slices.Equal(a.Sessions, b.Sessions)
}
