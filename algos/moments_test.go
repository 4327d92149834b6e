package algos_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/gossip"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Every algorithm that ships knows what a node is told of its world: that it started,
// that all are up, and that it stops.
func TestMomentsAreHandled(t *testing.T) {
	type counting interface {
		core.Algorithm
		Unhandled() uint64
		BadMessages() uint64
	}
	someone, err := core.ParseNodeID("10.0.9.9:7000")
	if err != nil {
		t.Fatal(err)
	}
	for name, alg := range map[string]counting{
		"base":      &algos.Base{},
		"relay":     relay.New(nil),
		"gossip":    gossip.New(1),
		"coder":     &netcode.Coder{Streams: []uint32{1, 2}, Rule: func(*netcode.Set) {}},
		"linear":    netcode.NewLinear([]uint32{1, 2}),
		"solver":    netcode.NewSolver([]uint32{1, 2}, []uint32{1, 2}, nil),
		"mixer":     netcode.NewMixer(2, 3, someone),
		"multicast": netcode.NewMulticast(netcode.Session{App: 1}),
	} {
		w := coretest.New(t, core.Config{})
		var told []core.Type
		n := w.Node("n", listener{alg, &told})
		w.Step()
		w.AllUp()
		w.AllUp()
		w.Step()
		n.TellStopping()
		n.Stop()
		w.RunFor(0)
		if len(told) != 3 || told[0] != wire.TypeStarted || told[1] != wire.TypeWorldUp || told[2] != wire.TypeStopping {
			t.Errorf("%s was told %v", name, told)
		}
		if alg.Unhandled() != 0 || alg.BadMessages() != 0 || !n.Ended() {
			t.Errorf("%s: %d messages unhandled, %d bad, ended %v", name, alg.Unhandled(), alg.BadMessages(), n.Ended())
		}
	}
}

// listener notes what its node is told of the world, before the algorithm is.
type listener struct {
	core.Algorithm
	told *[]core.Type
}

func (l listener) Process(m *core.Msg) core.Verdict {
	switch t := m.Type(); t {
	case wire.TypeStarted, wire.TypeWorldUp, wire.TypeStopping:
		*l.told = append(*l.told, t)
	}
	return l.Algorithm.Process(m)
}
