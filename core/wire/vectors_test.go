package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

// vector is one entry of docs/wire-vectors.json, whose fields docs/wire.md explains.
type vector struct {
	Kind, Name, About string
	Hex               hexBytes

	Type      Type
	TypeName  string `json:"type_name"`
	Sender    NodeID
	App       uint32
	Seq       uint64 `json:",string"`
	Params    [2]int32
	Size      int
	Payload   hexBytes
	Canonical bool

	Failed bool
	Msgs   uint64 `json:",string"`
	Bytes  uint64 `json:",string"`

	Flags uint16
	Auth  hexBytes

	MaxPayload int `json:"max_payload"`
	Chunks     []int
	Frames     []struct{ Offset, Length int }
	Rest       int
	Error      string
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// Violations that this package leaves to its users to find, as package core does.
var (
	errLocal      = errors.New("local event")
	errLateHello  = errors.New("hello after the first frame")
	errForeignApp = errors.New("another lane's application")
	errAfterBye   = errors.New("a frame behind the last word")
	errByeCount   = errors.New("the last word does not count what came")
)

var errorClasses = map[string]error{
	"": nil, "short": ErrShort, "too-big": ErrTooBig, "malformed": ErrMalformed, "not-hello": ErrNotHello,
	"magic": ErrMagic, "version": ErrVersion, "local": errLocal, "late-hello": errLateHello,
	"foreign-application": errForeignApp, "after-bye": errAfterBye, "bye-count": errByeCount,
}

func readVectors(t testing.TB) []vector {
	text, err := os.ReadFile("../../docs/wire-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var all []vector
	if err := dec.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	checks := map[string]func(*testing.T, vector){
		"frame": checkFrame, "invalid-frame": checkInvalidFrame,
		"hello": checkHello, "invalid-hello": checkInvalidHello, "stream": checkStream,
		"bye": checkBye, "invalid-bye": checkInvalidBye,
	}
	seen := map[string]int{}
	for _, v := range readVectors(t) {
		check := checks[v.Kind]
		if check == nil {
			t.Fatalf("%s: unknown kind %q", v.Name, v.Kind)
		}
		if _, known := errorClasses[v.Error]; !known {
			t.Fatalf("%s: unknown error class %q", v.Name, v.Error)
		}
		seen[v.Kind]++
		t.Run(v.Name, func(t *testing.T) { check(t, v) })
	}
	if len(seen) != len(checks) {
		t.Errorf("kinds seen: %v", seen)
	}
}

func checkFrame(t *testing.T, v vector) {
	want := Header{Type: v.Type, Sender: v.Sender, App: v.App, Seq: v.Seq, Size: v.Size}
	if got, err := ParseHeader(v.Hex); err != nil || got != want {
		t.Fatalf("ParseHeader = %+v, %v; want %+v", got, err, want)
	}
	if a, b := Params(v.Hex); [2]int32{a, b} != v.Params {
		t.Errorf("parameters %d, %d; want %v", a, b, v.Params)
	}
	if !bytes.Equal(Payload(v.Hex), v.Payload) || TypeOf(v.Hex).String() != v.TypeName {
		t.Errorf("payload %x, type %v", Payload(v.Hex), TypeOf(v.Hex))
	}
	if total, err := Peek(v.Hex, DefaultMaxPayload); err != nil || total != len(v.Hex) {
		t.Errorf("Peek = %d, %v", total, err)
	}
	if written := makeFrame(want, v.Payload); bytes.Equal(written, v.Hex) != v.Canonical {
		t.Errorf("written as\n%x, canonical: %v", written, v.Canonical)
	}
}

func checkInvalidFrame(t *testing.T, v vector) {
	want := errorClasses[v.Error]
	_, err := ParseHeader(v.Hex)
	if err == nil {
		_, err = Peek(v.Hex, v.MaxPayload)
	}
	if err == nil && TypeOf(v.Hex).Local() {
		err = errLocal
	}
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func checkHello(t *testing.T, v vector) {
	h, err := ParseHello(v.Hex)
	if err != nil || h.From != v.Sender || h.App != v.App || h.Flags != v.Flags || !bytes.Equal(h.Auth, v.Auth) {
		t.Fatalf("ParseHello = %+v, %v", h, err)
	}
	if b := h.AppendTo(nil); !bytes.Equal(b, v.Hex) {
		t.Errorf("written as %x", b)
	}
}

func checkInvalidHello(t *testing.T, v vector) {
	if _, err := ParseHello(v.Hex); !errors.Is(err, errorClasses[v.Error]) {
		t.Errorf("error %v, want %v", err, v.Error)
	}
}

func checkBye(t *testing.T, v vector) {
	want := Bye{App: v.App, Failed: v.Failed, Msgs: v.Msgs, Bytes: v.Bytes}
	if got, err := ParseBye(v.Hex); err != nil || got != want {
		t.Fatalf("ParseBye = %+v, %v; want %+v", got, err, want)
	}
	if b := want.AppendTo(nil); !bytes.Equal(b, v.Hex) {
		t.Errorf("written as %x", b)
	}
}

func checkInvalidBye(t *testing.T, v vector) {
	if _, err := ParseBye(v.Hex); !errors.Is(err, errorClasses[v.Error]) {
		t.Errorf("error %v, want %v", err, v.Error)
	}
}

// checkStream plays a connection from its hello on, read in the vector's chunks.
func checkStream(t *testing.T, v vector) {
	pool := slabtest.New(t, bufpool.Options{})
	stage := NewStage(pool)
	defer stage.Close()
	f := Framer{MaxPayload: v.MaxPayload}
	defer f.Close()
	in, done, frames := []byte(v.Hex), 0, 0
	var lane stream
	for _, n := range v.Chunks {
		for n > 0 {
			space, err := f.Space(stage, n)
			if err != nil {
				t.Fatal(err)
			}
			got := copy(space, in)
			in, n = in[got:], n-got
			c := f.Filled(stage, got)
			for {
				total, err := checkNext(c.Bytes(), v.MaxPayload, frames, &lane)
				if err != nil {
					c.Slab.Release()
					checkStreamEnd(t, v, frames, len(v.Hex)-done, err)
					return
				}
				if total == 0 || total > int(c.Len) {
					break
				}
				if frames >= len(v.Frames) || v.Frames[frames].Offset != done || v.Frames[frames].Length != total {
					t.Fatalf("frame %d: %d bytes at %d, want %+v", frames, total, done, v.Frames)
				}
				f.NoteFrame(total)
				c.Off, c.Len = c.Off+uint32(total), c.Len-uint32(total)
				done, frames = done+total, frames+1
			}
			f.Keep(c)
		}
	}
	checkStreamEnd(t, v, frames, f.Buffered(), nil)
}

// stream is what a receiver knows of a connection.
type stream struct {
	Hello
	ended bool // the bye has come

	msgs, bytes uint64 // without hello and bye
}

// checkNext looks at the next frame of a stream by the rules of docs/wire.md.
func checkNext(b []byte, maxPayload, frames int, lane *stream) (total int, err error) {
	total, err = Peek(b, maxPayload)
	if err != nil || total == 0 || total > len(b) {
		return total, err
	}
	switch {
	case frames == 0:
		lane.Hello, err = ParseHello(b[:total])
	case lane.ended:
		err = errAfterBye
	case TypeOf(b) == TypeHello:
		err = errLateHello
	case TypeOf(b).Local():
		err = errLocal
	case App(b) != lane.App && lane.App != SharedApp:
		err = errForeignApp
	case TypeOf(b) == TypeBye:
		err = lane.end(b[:total])
	default:
		lane.msgs++
		lane.bytes += uint64(total)
	}
	return total, err
}

// end takes the bye.
func (s *stream) end(frame []byte) error {
	s.ended = true
	bye, err := ParseBye(frame)
	if err == nil && (bye.Msgs != s.msgs || bye.Bytes != s.bytes) {
		err = errByeCount
	}
	return err
}

func checkStreamEnd(t *testing.T, v vector, frames, rest int, err error) {
	t.Helper()
	want := errorClasses[v.Error]
	if frames != len(v.Frames) || rest != v.Rest || !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%d frames, %d bytes over, error %v; want %d, %d, %q", frames, rest, err, len(v.Frames), v.Rest, v.Error)
	}
}
