package netcode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/golden"
)

// A small session from beginning to end, message by message: source, relay, receiver, five
// packets in generations of two, the last one padded. testdata/session.txt is written with
// -update, by someone who has understood every line that changes.
func TestGoldenSession(t *testing.T) {
	var got strings.Builder
	w := coretest.New(t, core.Config{})
	watch := func(name string, alg core.Algorithm) *core.Switch {
		return w.Node(name, spyOn(alg, func(m *core.Msg) { note(&got, w, name, m) }))
	}
	watch("t", netcode.NewMulticast(netcode.Session{App: 1, Window: 3, Deliver: func(g coding.Generation, i int, p []byte) {
		fmt.Fprintf(&got, "%v t delivers %d of generation %d, %d bytes\n", w.Now(), i, g.ID, len(p))
	}}))
	watch("r", netcode.NewMulticast(netcode.Session{App: 1, Window: 3, Downstreams: []core.NodeID{w.ID("t")}}))
	source := watch("s", netcode.NewMulticast(netcode.Session{App: 1, Window: 3, K: 2, Downstreams: []core.NodeID{w.ID("r")}}))
	source.AddSource(1, &counted{app: 1, size: always(10), limit: 5, every: 10 * time.Millisecond})
	w.Run()
	golden.File(t, "testdata/session.txt", got.String())
}

// note writes down what a node was given.
func note(to *strings.Builder, w *coretest.World, name string, m *core.Msg) {
	what := ""
	switch m.Type() {
	case netcode.TypeCoded:
		b := m.Payload()
		what = fmt.Sprintf("head %x, oldest %d, number %d: ", b[:netcode.HeadLen], m.Seq()>>32, uint32(m.Seq()))
		if p, err := coding.Parse(b[netcode.HeadLen:]); b[1] == 1 {
			what += fmt.Sprintf("%v of generation %d, k %d, %v", p.Kind, p.ID, p.K, err)
		} else {
			what += fmt.Sprintf("hello, start %d, epoch %d", b[netcode.HeadLen:netcode.HeadLen+4], b[netcode.HeadLen+8:netcode.HeadLen+16])
		}
	case netcode.TypeFeedback:
		var f coding.Feedback
		b := m.Payload()
		n := 24 + 2*int(b[14])
		err := f.Parse(b[12:n])
		what = fmt.Sprintf("head %x, base %d, missing %d, each %x, up to %d, %v", b[:12], f.Base, f.Missing, b[n:], uint32(m.Seq()), err)
	case wire.TypeLinkUp:
		what = fmt.Sprintf("%v, application %d", m.Link().Direction, m.Link().App)
	case wire.TypeTimer, wire.TypeStarted, wire.TypeSourceEnd, wire.TypeData:
	default:
		return
	}
	fmt.Fprintf(to, "%v %s: %v %s %s\n", w.Now(), name, m.Type(), w.Name(m.Sender()), what)
}
