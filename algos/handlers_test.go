package algos_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// handled is a node with handlers, which say what they were given.
type handled struct {
	algos.Base
	got []string
}

func (h *handled) Bind(n *core.Node) {
	h.Base.Bind(n)
	algos.On(&h.Base, typeDouble, func(m *core.Msg, x *text) { h.got = append(h.got, "text "+x.S) })
	algos.On(&h.Base, typeDouble+500, func(m *core.Msg, x *number) { h.got = append(h.got, "number") })
	algos.Answer(&h.Base, typeDouble+500, func(m *core.Msg, x *number) *number { h.got = append(h.got, "question"); return x })
	algos.Answer(&h.Base, 300, func(m *core.Msg, x *number) *number { h.got = append(h.got, "question"); return x })
	for _, t := range []core.Type{wire.TypeStarted, wire.TypeData, wire.TypeControl, wire.TypeSessionEnd, wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeTimer, wire.MaxType} {
		h.Handle(t, func(m *core.Msg) {
			what := m.Type().String()
			if t == wire.TypeLinkUp || t == wire.TypeLinkDown {
				what += " " + m.Link().Direction.String()
			}
			h.got = append(h.got, what)
		})
	}
}

func TestHandlers(t *testing.T) {
	hello := []byte{2, 'h', 'i'}
	for _, c := range []struct {
		name      string
		do        func(w *coretest.World, h *handled, peer *algos.Base)
		want      []string
		bad       uint64
		unhandled uint64
	}{
		{"typed", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Call(peer, func() { peer.Post(h.ID(), typeDouble, &text{"hi"}) })
		}, []string{"link-up upstream", "text hi"}, 0, 0},
		{"typed, with an application and a number", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Send(peer, h.ID(), typeDouble, 5, 77, hello)
		}, []string{"link-up upstream", "text hi"}, 0, 0},
		{"malformed", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Send(peer, h.ID(), typeDouble, 0, 0, append(hello, 0))
			w.Send(peer, h.ID(), 300, 0, 5, nil)
		}, []string{"link-up upstream"}, 2, 0},
		{"with and without a question", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Send(peer, h.ID(), typeDouble+500, 0, 0, []byte{2})
			w.Send(peer, h.ID(), typeDouble+500, 0, 1<<31, []byte{2})
			w.Send(peer, h.ID(), typeDouble+500, 0, 1, []byte{2})
			w.Send(peer, h.ID(), 300, 0, 1, []byte{2})
			w.Send(peer, h.ID(), 300, 0, 0, []byte{2})
		}, []string{"link-up upstream", "number", "number", "question", "question", "link-up downstream"}, 1, 0},
		{"unknown", func(w *coretest.World, h *handled, peer *algos.Base) {
			for _, typ := range []core.Type{256, 299, 301, typeDouble - 1, typeDouble + 1, typeDouble + 499, typeDouble + 501, wire.MaxType - 1} {
				w.Send(peer, h.ID(), typ, 0, 0, hello)
			}
		}, []string{"link-up upstream"}, 0, 8},
		{"raw", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Send(peer, h.ID(), wire.MaxType, 0, 0, nil)
			w.Send(peer, h.ID(), wire.TypeControl, 0, 0, nil)
			w.Call(h, func() { h.After(time.Second, 5); h.AfterFunc(time.Second, func() { h.got = append(h.got, "func") }) })
			w.RunFor(2 * time.Second)
		}, []string{"link-up upstream", "user-32767", "control", "func", "timer"}, 0, 0},
		{"data", func(w *coretest.World, h *handled, peer *algos.Base) {
			w.Send(peer, h.ID(), wire.TypeData, 5, 0, nil)
			w.RunFor(0)
			w.Call(peer, func() { peer.EndSession(5) })
		}, []string{"link-up upstream", "data", "session-end", "link-down upstream"}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := coretest.New(t, core.Config{})
			h, peer := &handled{}, &algos.Base{}
			w.Node("node", h)
			w.Node("peer", peer)
			w.RunFor(0)
			if !slices.Equal(h.got, []string{"started"}) {
				t.Fatal(h.got)
			}
			h.got = nil
			c.do(w, h, peer)
			w.RunFor(0)
			got := slices.Clone(h.got)
			want := slices.Clone(c.want)
			if c.name == "raw" { // two timers of one moment: which is first is the runtime's affair
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) || h.BadMessages() != c.bad || h.Unhandled() != c.unhandled {
				t.Errorf("got %q, %d bad, %d unhandled; want %q, %d and %d", got, h.BadMessages(), h.Unhandled(), want, c.bad, c.unhandled)
			}
		})
	}
}

// TestPostToNobody sends nothing, and counts.
func TestPostToNobody(t *testing.T) {
	w := coretest.New(t, core.Config{})
	b := &algos.Base{}
	w.Node("node", b)
	w.RunFor(0)
	w.Call(b, func() {
		if b.Post(core.NodeID{}, typeDouble, nil) || b.Post(b.ID(), typeDouble, nil) || !b.Post(w.ID("somebody"), typeDouble, nil) {
			t.Error("Post does not say what it did")
		}
	})
	if b.Unposted() != 2 {
		t.Errorf("%d were not sent", b.Unposted())
	}
}

func TestMisuseOfHandlers(t *testing.T) {
	for name, do := range map[string]func(b *algos.Base){
		"twice":                    func(b *algos.Base) { b.Handle(2000, func(*core.Msg) {}); b.Handle(2000, func(*core.Msg) {}) },
		"a command":                func(b *algos.Base) { b.Handle(wire.TypeJoin, func(*core.Msg) {}) },
		"no function":              func(b *algos.Base) { b.Handle(2000, nil) },
		"an engine's type":         func(b *algos.Base) { algos.On(b, wire.TypeData, func(*core.Msg, *number) {}) },
		"a call of one":            func(b *algos.Base) { b.Call(nodeID(1), wire.TypePing, nil, time.Second, func(*core.Msg, error) {}) },
		"a call without a timeout": func(b *algos.Base) { b.Call(nodeID(1), 2000, nil, 0, func(*core.Msg, error) {}) },
		"every nothing":            func(b *algos.Base) { b.Every(0, func() {}) },
		"no timer's function":      func(b *algos.Base) { b.AfterFunc(0, nil) },
	} {
		func() {
			defer func() {
				if _, says := recover().(string); !says {
					t.Errorf("%s: nothing was said", name)
				}
			}()
			do(&algos.Base{})
		}()
	}
}
