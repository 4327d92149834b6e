package raw

import (
	"testing"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
)

// FuzzAssembler cuts a stream of good frames wherever the input says: every frame must come out whole, once.
func FuzzAssembler(f *testing.F) {
	f.Add(uint8(16), uint8(3), []byte{1})
	f.Add(uint8(100), uint8(5), []byte{124, 1, 255})
	f.Add(uint8(40), uint8(0), []byte{})
	f.Add(uint8(255), uint8(20), []byte{255, 255, 255, 7})
	f.Fuzz(func(t *testing.T, payload, frames uint8, cuts []byte) {
		payloadBytes := max(int(payload), traffic.MinPayloadBytes)
		a := &assembler{frameBytes: traffic.HeaderBytes + payloadBytes, checker: traffic.NewTimedChecker(payloadBytes, 0)}
		stream := frameStream(int(frames), payloadBytes)
		for i := 0; len(stream) > 0; i++ {
			n := len(stream)
			if len(cuts) > 0 {
				n = min(n, int(cuts[i%len(cuts)])+1)
			}
			a.take(stream[:n])
			stream = stream[n:]
		}
		a.checker.Finish(uint64(frames))
		if got := a.checker.Counts(); got != (traffic.Counts{Messages: uint64(frames)}) {
			t.Errorf("%d frames of %d bytes cut by %v: %+v", frames, payloadBytes, cuts, got)
		}
		if len(a.partial) != 0 {
			t.Errorf("%d bytes are left", len(a.partial))
		}
	})
}

func frameStream(frames, payloadBytes int) []byte {
	var stream []byte
	for seq := range uint64(frames) {
		frame := make([]byte, traffic.HeaderBytes+payloadBytes)
		traffic.PutHeader(frame, payloadBytes, seq)
		payload := frame[traffic.HeaderBytes:]
		apps.Stamp(payload, traffic.Fill(payload), seq, traffic.Now())
		stream = append(stream, frame...)
	}
	return stream
}
