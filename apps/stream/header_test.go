package stream_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps/stream"
)

// The bytes of docs/streaming.md.
func TestHeaderBytes(t *testing.T) {
	var b [stream.HeaderLen]byte
	stream.Header{Kind: stream.KindEnd, Epoch: 0x01020304, Seq: 0x1122334455, Time: 1500 * time.Millisecond}.Put(b[:])
	const want = "010200000102030400000011223344550000000059682f00"
	if got := hex.EncodeToString(b[:]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := stream.Header{
			Kind: stream.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Epoch: rapid.Uint32().Draw(t, "epoch"),
			Seq: rapid.Uint64Range(0, 1<<62-1).Draw(t, "seq"), Time: time.Duration(rapid.Int64Range(0, 1<<63-1).Draw(t, "time")),
		}
		packets := 0
		if h.Kind != stream.KindEnd {
			packets = rapid.IntRange(1, 5).Draw(t, "packets")
		}
		p := make([]byte, stream.HeaderLen+packets*stream.PacketLen)
		h.Put(p)
		for i := range packets {
			stream.Synthetic(p[stream.HeaderLen+i*stream.PacketLen:], uint64(i))
		}
		got, body, err := stream.Parse(p)
		if err != nil || got != h || !bytes.Equal(body, p[stream.HeaderLen:]) {
			t.Fatalf("%+v with %d bytes is read as %+v with %d: %v", h, len(p), got, len(body), err)
		}
	})
}

func TestWrongHeaders(t *testing.T) {
	good := make([]byte, stream.HeaderLen+stream.PacketLen)
	stream.Header{}.Put(good)
	stream.Synthetic(good[stream.HeaderLen:], 0)
	for name, change := range map[string]func([]byte) []byte{
		"empty":                  func([]byte) []byte { return nil },
		"short":                  func(b []byte) []byte { return b[:stream.HeaderLen-1] },
		"another version":        func(b []byte) []byte { b[0] = 2; return b },
		"another kind":           func(b []byte) []byte { b[1] = 3; return b },
		"not zero":               func(b []byte) []byte { b[3] = 1; return b },
		"a number out of reach":  func(b []byte) []byte { b[8] = 0x40; return b },
		"a time before the time": func(b []byte) []byte { b[16] = 0x80; return b },
		"no media":               func(b []byte) []byte { return b[:stream.HeaderLen] },
		"half a packet":          func(b []byte) []byte { return b[:len(b)-1] },
		"no sync byte":           func(b []byte) []byte { b[stream.HeaderLen] = 0; return b },
		"an end with media":      func(b []byte) []byte { b[1] = 2; return b },
	} {
		if _, _, err := stream.Parse(change(bytes.Clone(good))); !errors.Is(err, stream.ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What reads is written again as the same bytes.
func FuzzParse(f *testing.F) {
	good := make([]byte, stream.HeaderLen+stream.PacketLen)
	stream.Header{Seq: 7, Epoch: 9, Time: 11}.Put(good)
	stream.Synthetic(good[stream.HeaderLen:], 0)
	f.Add(good)
	f.Add(good[:stream.HeaderLen])
	end := bytes.Clone(good[:stream.HeaderLen])
	end[1] = 2
	f.Add(end)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := stream.Parse(b)
		if err != nil {
			if !errors.Is(err, stream.ErrHeader) {
				t.Fatal(err)
			}
			return
		}
		again := make([]byte, stream.HeaderLen, len(b))
		h.Put(again)
		if again = append(again, body...); !bytes.Equal(again, b) {
			t.Fatalf("%x is written as %x", b, again)
		}
	})
}
