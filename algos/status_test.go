package algos_test

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// request asks the node under test for its status and returns the answer, parsed.
func (p *pair) request(t *testing.T) (s algos.Status, size int) {
	t.Helper()
	answered := false
	p.peer.Handle = func(m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeStatus {
			var err error
			if s, err = algos.ParseStatus(m); err != nil {
				t.Error(err)
			}
			answered, size = true, len(m.Payload())
		}
		return core.Done
	}
	p.Send(p.peer.Node, p.node.ID(), wire.TypeRequest, 0, 77, nil)
	p.Run()
	if got := p.peer.Of(wire.TypeStatus); !answered || got[len(got)-1].Seq != 77 {
		t.Fatal("no answer to request 77")
	}
	return s, size
}

type extra struct {
	Depth int `cbor:"depth"`
}

func TestStatus(t *testing.T) {
	p := newPair(t, core.Config{})
	p.RunFor(3 * time.Second)
	p.node.Extra = func() any { return extra{Depth: 4} }
	p.node.AddHost(p.peer.ID())
	p.node.Join(5)
	p.Send(p.peer.Node, p.node.ID(), wire.TypeData, 5, 0, make([]byte, 76))
	p.Send(p.node.Node, p.peer.ID(), wire.TypeData, 6, 0, make([]byte, 26))
	p.tell(9999, 0, nil)
	s, _ := p.request(t)

	var x extra
	if err := s.DecodeExtra(&x); err != nil || x.Depth != 4 {
		t.Errorf("extra %+v, %v", x, err)
	}
	s.Extra = nil
	want := algos.Status{
		Version: algos.StatusVersion, Node: p.node.ID(), Now: 3 * time.Second,
		Upstreams: 2, Upstream: []algos.StatusUp{
			{From: p.peer.ID(), App: 5, Weight: 1, Msgs: 1, Bytes: 100},
			{From: p.peer.ID(), Weight: 1, Msgs: 2, Bytes: 48},
		},
		Downstreams: 1, Downstream: []algos.StatusDown{{To: p.peer.ID(), App: 6, Up: true, Msgs: 1, Bytes: 50}},
		Apps: 1, Sessions: []algos.StatusSession{{App: 5, Joined: true}},
		Hosts: 1, Consumed: 1, Unhandled: 1,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("the status is\n%+v, want\n%+v", s, want)
	}
}

// A report that would not fit into a message is cut, lists first. Its counts stay.
func TestStatusIsCut(t *testing.T) {
	p := newPair(t, core.Config{MaxPayload: 1200})
	for app := range uint32(100) {
		p.node.Join(app + 1)
		p.Send(p.peer.Node, p.node.ID(), wire.TypeData, app+1, 0, nil)
		p.Send(p.node.Node, p.peer.ID(), wire.TypeData, app+1, 0, nil)
	}
	p.Run()
	s, size := p.request(t)
	if size > 1200-16 || s.Upstreams != 101 || s.Downstreams != 100 || s.Apps != 100 {
		t.Errorf("%d bytes, counts %d, %d, %d", size, s.Upstreams, s.Downstreams, s.Apps)
	}
	if len(s.Upstream) == 0 || len(s.Downstream) == 0 || len(s.Sessions) == 0 {
		t.Error("a whole list was left out")
	}
	p.node.Extra = func() any { return make([]byte, 5000) }
	if s, _ := p.request(t); s.Extra != nil {
		t.Error("an extra part of 5000 bytes was in a message of 1200")
	}
}

func TestStatusThatNeverFits(t *testing.T) {
	p := newPair(t, core.Config{MaxPayload: 100})
	p.tell(wire.TypeRequest, 0, nil)
	if len(p.peer.Of(wire.TypeStatus)) != 0 || p.node.Unhandled() != 1 || !p.node.Running() {
		t.Errorf("%d answers, %d unhandled", len(p.peer.Of(wire.TypeStatus)), p.node.Unhandled())
	}
}

// Any status is the same after the wire.
func TestStatusRoundTrip(t *testing.T) {
	id := rapid.Custom(func(t *rapid.T) core.NodeID {
		addr := netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "addr")))
		id := core.NodeIDFrom(netip.AddrPortFrom(addr, rapid.Uint16Min(1).Draw(t, "port")))
		if !id.Dialable() {
			return nodeID(1)
		}
		return id
	})
	num, count := rapid.Uint64(), rapid.Int()
	rapid.Check(t, func(t *rapid.T) {
		want := algos.Status{
			Version: algos.StatusVersion, Node: id.Draw(t, "node"), Now: time.Duration(rapid.Int64().Draw(t, "now")),
			Upstreams: count.Draw(t, "ups"), Held: count.Draw(t, "held"),
			LostIn: algos.StatusLoss{Msgs: num.Draw(t, "lost"), Bytes: num.Draw(t, "lost")},
			Bad:    num.Draw(t, "bad"),
			Extra:  algos.Encode(rapid.MapOf(rapid.String(), rapid.Int64()).Draw(t, "extra")),
		}
		for range rapid.IntRange(0, 5).Draw(t, "lanes") {
			want.Upstream = append(want.Upstream, algos.StatusUp{From: id.Draw(t, "from"), Blocked: rapid.Bool().Draw(t, "blocked")})
			want.Downstream = append(want.Downstream, algos.StatusDown{To: id.Draw(t, "to"), Bytes: num.Draw(t, "bytes")})
			want.Sessions = append(want.Sessions, algos.StatusSession{App: rapid.Uint32().Draw(t, "app"), Source: id.Draw(t, "source")})
		}
		var got algos.Status
		if err := algos.Decode(algos.Encode(want), &got); err != nil {
			t.Fatal(err)
		}
		if len(want.Upstream) == 0 {
			got.Upstream, got.Downstream, got.Sessions = nil, nil, nil // no list and an empty one are the same on the wire
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got\n%+v, want\n%+v", got, want)
		}
	})
}

func TestParseStatusRefuses(t *testing.T) {
	p := newPair(t, core.Config{})
	p.Run()
	good := p.node.Status()
	noNode, version := good, good
	noNode.Node = core.NodeID{}
	version.Version++
	for _, c := range []struct {
		name    string
		typ     core.Type
		payload []byte
	}{
		{"another type", wire.TypeTrace, algos.Encode(good)},
		{"nothing", wire.TypeStatus, nil},
		{"another version", wire.TypeStatus, algos.Encode(version)},
		{"no node", wire.TypeStatus, algos.Encode(noNode)},
		{"a list", wire.TypeStatus, []byte{0x80}},
		{"more than a status", wire.TypeStatus, append(algos.Encode(good), 0)},
	} {
		p.Call(p.node, func() {
			m := p.node.NewMsg(c.typ, 0, len(c.payload))
			copy(m.Payload(), c.payload)
			if s, err := algos.ParseStatus(m); !errors.Is(err, algos.ErrMalformed) || !s.Node.IsZero() {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

func TestExtraThatCannotBe(t *testing.T) {
	p := newPair(t, core.Config{})
	p.node.Extra = func() any { return func() {} }
	p.tell(wire.TypeRequest, 0, nil)
	if p.Crash(p.node.ID()) == nil {
		t.Error("no panic for an extra part that CBOR cannot hold")
	}
}
