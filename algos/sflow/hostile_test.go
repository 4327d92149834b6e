package sflow_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/sflow"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// FuzzSFlow sends a service node whatever a peer may send, of all types that it looks at, twice, and then a service is federated
// through it all the same.
func FuzzSFlow(f *testing.F) {
	f.Add(uint8(0), uint32(0), []byte("scale < camera"))
	f.Add(uint8(1), uint32(7), []byte("camera -> scale"))
	f.Add(uint8(2), uint32(0), []byte{4, 10, 0, 0, 9, 27, 88, 2, 0, 0, 16, 1, 'a', 0, 0})
	f.Add(uint8(3), uint32(0), []byte{7, 0, 0})
	f.Add(uint8(6), uint32(7), []byte("data"))
	f.Fuzz(func(t *testing.T, typ uint8, app uint32, payload []byte) {
		if len(payload) > 1<<12 {
			return
		}
		types := []core.Type{sflow.TypeAssign, sflow.TypeFederate, sflow.TypeAssign + 2, sflow.TypeAssign + 3, sflow.TypeAssign + 4, sflow.TypeAssign + 5, wire.TypeData, wire.TypeSessionEnd, wire.TypeBrokenSource}
		w := coretest.New(t, core.Config{})
		algs := make(map[string]*sflow.SFlow)
		nodes := make(map[string]*core.Switch)
		var outcomes []sflow.Outcome
		for _, name := range []string{"camera", "scale", "screen"} {
			text := map[string]string{"camera": "camera > scale", "scale": "scale < camera > screen", "screen": "screen < scale"}[name]
			first, err := sflow.ParseAssignment(text)
			if err != nil {
				t.Fatal(err)
			}
			s := sflow.New(first)
			s.OnOutcome = func(o sflow.Outcome) { outcomes = append(outcomes, o) }
			for _, other := range []string{"camera", "scale", "screen"} {
				if other != name {
					s.AddHost(w.ID(other))
				}
			}
			algs[name] = s
			nodes[name] = w.Node(name, s)
		}
		peer := w.Node("peer", &recordless{})
		w.AllUp()
		w.RunFor(time.Second)
		for range 2 {
			for _, name := range []string{"camera", "scale", "screen"} {
				w.Send(peer, w.ID(name), types[int(typ)%len(types)], app, 1, payload)
			}
			w.RunFor(time.Second)
		}
		need, err := sflow.ParseRequirement("camera -> scale -> screen")
		if err != nil {
			t.Fatal(err)
		}
		outcomes = nil
		w.Call(nodes["camera"], func() {
			if err := algs["camera"].Federate(5, need); err != nil {
				t.Error(err)
			}
		})
		w.RunFor(5 * time.Minute)
		if len(outcomes) == 0 || outcomes[len(outcomes)-1].Refused != "" {
			t.Errorf("after strange messages: %+v", outcomes)
		}
		for name, s := range algs {
			if err := s.Invariant(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// recordless is a peer that does nothing.
type recordless struct{ core.Algorithm }

func (recordless) Bind(*core.Node)                {}
func (recordless) Process(*core.Msg) core.Verdict { return core.Done }
