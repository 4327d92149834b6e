package goroutine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/ioverlay/ioverlay/bench/traffic"
)

const fuzzFrame = traffic.HeaderBytes + 64

// FuzzReceiver feeds a receiver whatever a peer may send. It must return each whole frame as it was sent, io.EOF only
// between two frames, and an error for everything else.
func FuzzReceiver(f *testing.F) {
	frame := make([]byte, fuzzFrame)
	traffic.PutHeader(frame, 64, 1)
	f.Add(frame)
	f.Add(append(append([]byte(nil), frame...), frame...))
	f.Add(frame[:traffic.HeaderBytes-1])
	f.Add(frame[:traffic.HeaderBytes])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := &receiver{pool: newPool(fuzzFrame, func(*message) {}), frame: fuzzFrame}
		in := bufio.NewReaderSize(bytes.NewReader(stream), readBytes)
		rest := stream
		for {
			m, err := r.next(in)
			if err != nil {
				if errors.Is(err, io.EOF) && len(rest) != 0 {
					t.Errorf("the stream ended cleanly with %d bytes left", len(rest))
				}
				return
			}
			if !bytes.HasPrefix(rest, m.frame) {
				t.Fatalf("received %x of %x", m.frame, rest)
			}
			rest = rest[len(m.frame):]
			m.release()
		}
	})
}
