package core

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// streamErrors are the violations of docs/wire.md that a whole connection can end
// with once its hello is there, by their names there.
var streamErrors = map[string]error{
	"": nil, "too-big": wire.ErrTooBig, "malformed": wire.ErrMalformed, "late-hello": ErrLateHello, "local": ErrLocalType,
	"foreign-application": ErrForeignApp, "bye-count": ErrByeCount, "after-bye": ErrAfterBye,
}

// TestStreamVectors holds the switch, and not only package wire, to the streams of
// docs/wire-vectors.json: what it takes, what it refuses, and what it calls that.
func TestStreamVectors(t *testing.T) {
	text, err := os.ReadFile("../docs/wire-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Kind, Name, Hex, Error string
		MaxPayload             int `json:"max_payload"`
		Frames                 []struct{ Offset, Length int }
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Kind != "stream" {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			want, known := streamErrors[v.Error]
			b, err := hex.DecodeString(v.Hex)
			if err != nil || !known {
				t.Fatalf("error %q, hex: %v", v.Error, err)
			}
			h, err := wire.ParseHello(b[:v.Frames[0].Length])
			if err != nil {
				t.Fatal(err)
			}
			took := Tally{}
			for _, f := range v.Frames[1:] {
				if wire.TypeOf(b[f.Offset:]) != wire.TypeBye {
					took.Msgs++
					took.Bytes += uint64(f.Length)
				}
			}
			playStream(t, v.MaxPayload, h, b[v.Frames[0].Length:], took, want)
		})
	}
}

// playStream gives a lane the bytes behind its hello.
func playStream(t *testing.T, maxPayload int, h wire.Hello, b []byte, took Tally, want error) {
	cfg := Config{MaxPayload: maxPayload}
	if h.Flags&wire.HelloShared != 0 {
		cfg.Lanes = LaneShared
	}
	w := newWorld(t, cfg)
	defer w.close()
	n := w.node(0, nil)
	slab, err := w.pool.GetSize(len(b))
	if err != nil {
		t.Fatal(err)
	}
	copy(slab.Bytes(), b)
	f := &feeder{}
	f.lane = n.sw.Accept(h.From, h.App, f)
	f.give(Run{Slab: slab, Len: uint32(len(b))})
	w.settle()
	w.check()
	if got := (Tally{f.lane.msgs, f.lane.bytes}); got != took {
		t.Errorf("took %+v, want %+v", got, took)
	}
	if want == nil && len(w.warns) > 0 || want != nil && (len(w.warns) != 1 || !errors.Is(w.warns[0], want) || !f.lane.Closed()) {
		t.Errorf("closed %v, warned of %v, want %v", f.lane.Closed(), w.warns, want)
	}
}
