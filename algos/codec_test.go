package algos_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, hex string }{
		{"nothing", ""},
		{"half a map", "a1"},
		{"something behind", "a000"},
		{"a tag", "d82a00"},
		{"a list of unknown length", "9fff"},
		{"a map of unknown length", "bfff"},
		{"text of unknown length", "7fff"},
		{"an entry twice", "a2616101616102"},
		{"text that is not UTF-8", "61ff"},
		{"a list too long", "991001" + strings.Repeat("00", 4097)},
		{"a list that claims to be endless", "9b7fffffffffffffff"},
		{"nested too deep", strings.Repeat("81", 17) + "00"},
	} {
		p, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := algos.Decode(p, &v); !errors.Is(err, algos.ErrMalformed) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDecodeIgnoresWhatItDoesNotKnow(t *testing.T) {
	var r algos.BootReply
	p := algos.Encode(map[string]any{"hosts": []string{"10.0.0.1:7000"}, "weather": "fine"})
	if err := algos.Decode(p, &r); err != nil || len(r.Hosts) != 1 || r.Hosts[0].String() != "10.0.0.1:7000" {
		t.Errorf("%+v, %v", r, err)
	}
	r = algos.BootReply{}
	if err := algos.Decode(algos.Encode(map[string]any{"HOSTS": []string{"10.0.0.1:7000"}}), &r); err != nil || len(r.Hosts) != 0 {
		t.Errorf("a field was matched by another case: %+v, %v", r, err)
	}
}

// Equal values are equal bytes, whatever order a map was walked in.
func TestEncodeIsDeterministic(t *testing.T) {
	v := map[string]int{"a": 1, "bb": 2, "c": 3, "dd": 4, "e": 5, "ff": 6}
	first := algos.Encode(v)
	for range 20 {
		if !bytes.Equal(algos.Encode(v), first) {
			t.Fatal("the same map gave other bytes")
		}
	}
	if got := hex.EncodeToString(algos.Encode(algos.BootReply{})); got != "a165686f73747380" {
		t.Errorf("an empty boot reply is %s", got)
	}
}

func TestNewControl(t *testing.T) {
	p := newPair(t, core.Config{})
	hosts := []core.NodeID{p.peer.ID()}
	p.Call(p.node, func() {
		m := p.node.NewControl(wire.TypeBootReply, 0, algos.BootReply{Hosts: hosts})
		p.node.Send(m, p.peer.ID())
	})
	p.Run()
	want := algos.Encode(algos.BootReply{Hosts: hosts})
	if got := p.peer.Of(wire.TypeBootReply); len(got) != 1 || got[0].Payload != string(want) {
		t.Errorf("got %+v, want the payload %x", got, want)
	}
}

func TestNewControlMisuse(t *testing.T) {
	w := coretest.New(t, core.Config{})
	var b algos.Base
	w.Node("a", &b)
	w.Call(b, func() { b.NewControl(wire.TypeTrace, 0, make(chan int)) })
	if c := w.Crash(b.ID()); c == nil || !strings.Contains(c.Value.(string), "which CBOR cannot hold") {
		t.Errorf("a channel as a payload gave %+v", c)
	}
	w = coretest.New(t, core.Config{MaxPayload: 100})
	w.Node("a", &b)
	w.Call(b, func() { b.NewControl(wire.TypeTrace, 0, make([]byte, 200)) })
	if w.Crash(b.ID()) == nil {
		t.Error("no panic for a payload over the maximum")
	}
}
