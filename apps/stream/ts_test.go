package stream_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps/stream"
)

// packet is a transport packet whose only sync byte is its first.
func packet(t *rapid.T, i int) []byte {
	p := bytes.Repeat([]byte{byte(rapid.IntRange(0x48, 0xff).Draw(t, "fill"))}, stream.PacketLen)
	p[0], p[4] = 0x47, byte(i)
	if p[4] == 0x47 {
		p[4] = 0
	}
	return p
}

// Rows of packets with rubbish between them come out without the rubbish, however the bytes are cut, and every byte that
// does not is counted.
func TestAlignerAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in, want []byte
		rows := rapid.IntRange(1, 4).Draw(t, "rows")
		for range rows {
			in = append(in, bytes.Repeat([]byte{0x11}, rapid.IntRange(0, 400).Draw(t, "junk"))...)
			for i := range rapid.IntRange(3, 9).Draw(t, "packets") { // three are needed to be sure
				p := packet(t, i)
				in, want = append(in, p...), append(want, p...)
			}
		}
		var a stream.Aligner
		var got []byte
		emit := func(p []byte) {
			if len(p) == 0 || len(p)%stream.PacketLen != 0 {
				t.Fatalf("%d bytes are no packets", len(p))
			}
			got = append(got, p...)
		}
		for left := in; len(left) > 0; {
			n := rapid.IntRange(1, min(len(left), 1000)).Draw(t, "cut")
			a.Add(left[:n], emit)
			left = left[n:]
		}
		a.Flush(emit)
		if !bytes.Equal(got, want) || int(a.Junk()) != len(in)-len(want) {
			t.Fatalf("%d bytes of %d come out, %d are junk; want %d", len(got), len(in), a.Junk(), len(want))
		}
	})
}

// Whatever the bytes, they are packets or counted.
func TestAlignerLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.SampledFrom([]byte{0x47, 0x47, 0, 1}), 0, 3000).Draw(t, "bytes")
		var a stream.Aligner
		out := 0
		emit := func(p []byte) { out += len(p) }
		a.Add(in, emit)
		a.Flush(emit)
		if out+int(a.Junk()) != len(in) {
			t.Fatalf("%d bytes out and %d junk of %d", out, a.Junk(), len(in))
		}
	})
}

// After a gap nothing of a unit passes whose beginning did not; without one everything does.
func TestResumerAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r stream.Resumer
		open := map[int]bool{} // identifiers of which a unit has begun since the last gap
		gaps, skipped := 0, 0
		for range rapid.IntRange(1, 60).Draw(t, "rows") {
			if rapid.IntRange(0, 5).Draw(t, "gap") == 0 {
				r.Gap()
				gaps++
				clear(open)
			}
			var in, want []byte
			for range rapid.IntRange(1, 4).Draw(t, "packets") {
				p := make([]byte, stream.PacketLen)
				pid := rapid.SampledFrom([]int{0, 0x100, 0x101, 0x1fff}).Draw(t, "pid")
				begins := rapid.Bool().Draw(t, "begins")
				p[0], p[1], p[2] = 0x47, byte(pid>>8), byte(pid)
				if begins {
					p[1] |= 0x40
				}
				in = append(in, p...)
				if begins || pid == 0x1fff {
					open[pid] = true
				}
				if open[pid] || gaps == 0 {
					want = append(want, p...)
				} else {
					skipped++
				}
			}
			if got := r.Filter(in); !bytes.Equal(got, want) {
				t.Fatalf("%d bytes of %d pass, want %d", len(got), len(in), len(want))
			}
		}
		if int(r.Skipped()) != skipped {
			t.Fatalf("%d skipped, want %d", r.Skipped(), skipped)
		}
	})
}

// One changed byte of a synthetic packet is found.
func TestSyntheticIsChecked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p [stream.PacketLen]byte
		index := rapid.Uint64().Draw(t, "index")
		stream.Synthetic(p[:], index)
		if got, whole := stream.CheckSynthetic(p[:]); !whole || got != index || p[0] != 0x47 {
			t.Fatalf("packet %d is read as %d, %v", index, got, whole)
		}
		p[rapid.IntRange(0, stream.PacketLen-1).Draw(t, "where")] ^= byte(rapid.IntRange(1, 255).Draw(t, "how"))
		if _, whole := stream.CheckSynthetic(p[:]); whole {
			t.Fatal("a changed packet is whole")
		}
	})
}
