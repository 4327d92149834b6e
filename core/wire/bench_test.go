package wire

import (
	"fmt"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

// frameSizes are whole frames in bytes: the chain benchmark's 5 KiB payload, and a small control message.
var frameSizes = []int{5144, 88}

// slabOf fills a standard slab with whole frames of one size.
func slabOf(size int) []byte { return uniform(bufpool.DefaultSlabSize/size, size-HeaderSize) }

func BenchmarkPeekWalk(b *testing.B) {
	for _, size := range frameSizes {
		b.Run(fmt.Sprintf("frame=%d", size), func(b *testing.B) {
			slab := slabOf(size)
			b.SetBytes(int64(len(slab)))
			b.ReportAllocs()
			frames := 0
			for b.Loop() {
				for rest := slab; len(rest) > 0; frames++ {
					total, err := Peek(rest, DefaultMaxPayload)
					if err != nil || total == 0 || total > len(rest) {
						b.Fatal(total, err)
					}
					rest = rest[total:]
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
		})
	}
}

func BenchmarkPutHeader(b *testing.B) {
	for _, c := range []struct {
		name   string
		sender NodeID
	}{{"ipv4", node4}, {"ipv6", node6}} {
		b.Run("sender="+c.name, func(b *testing.B) {
			buf := make([]byte, 64)
			h := Header{Type: TypeData, Sender: c.sender, App: 1, Size: 5120}
			b.ReportAllocs()
			for b.Loop() {
				h.Seq++
				PutHeader(buf, h)
			}
		})
	}
}

func BenchmarkSender(b *testing.B) {
	for _, c := range []struct {
		name   string
		sender NodeID
	}{{"ipv4", node4}, {"ipv6", node6}} {
		b.Run("sender="+c.name, func(b *testing.B) {
			frame := makeFrame(Header{Type: TypeData, Sender: c.sender}, nil)
			hits := 0
			for b.Loop() {
				if Sender(frame) == c.sender {
					hits++
				}
			}
		})
	}
}

// BenchmarkFramer is a turn of the loop without its system call: Space, Filled, the walk, Keep. The bytes are in
// the slab already, so that what is left is the framer's own cost and the copies that it makes. read is the number of
// bytes that each read brings; "full" fills the space.
func BenchmarkFramer(b *testing.B) {
	for _, c := range []struct {
		name        string
		frame, read int
	}{
		{"frame=5144/read=full", 5144, 1 << 20},
		{"frame=5144/read=16384", 5144, 16 << 10},
		{"frame=5144/read=1448", 5144, 1448},
		{"frame=88/read=full", 88, 1 << 20},
		{"frame=88/read=1448", 88, 1448},
		{"frame=100024/read=full", 100024, 1 << 20},
		{"frame=100024/read=16384", 100024, 16 << 10},
		{"frame=300024/read=full", 300024, 1 << 20},
	} {
		b.Run(c.name, func(b *testing.B) {
			stage, f := NewStage(bufpool.New(bufpool.Options{})), Framer{}
			head := make([]byte, HeaderSize)
			PutHeader(head, Header{Type: TypeData, Sender: node4, App: 1, Size: c.frame - HeaderSize})
			at := 0 // of the next byte of the stream in its frame
			b.ReportAllocs()
			var bytes int64
			for b.Loop() {
				space, err := f.Space(stage, c.read)
				if err != nil {
					b.Fatal(err)
				}
				at = plantHeaders(space, head, at, c.frame)
				bytes += int64(len(space))
				chunk := f.Filled(stage, len(space))
				rest, last := chunk.Bytes(), 0
				for {
					total, err := Peek(rest, DefaultMaxPayload)
					if err != nil {
						b.Fatal(err)
					}
					if total == 0 || total > len(rest) {
						break
					}
					rest, last = rest[total:], total
				}
				if last != 0 {
					f.NoteFrame(last)
				}
				chunk.Off, chunk.Len = chunk.Off+chunk.Len-uint32(len(rest)), uint32(len(rest))
				f.Keep(chunk)
			}
			b.ReportMetric(float64(bytes)/float64(b.N), "bytes/turn")
		})
	}
}

// plantHeaders writes only the headers of a uniform stream into space; at is where in a frame the space starts. It
// returns where in a frame the space ends.
func plantHeaders(space, head []byte, at, frame int) int {
	for pos := -at; pos < len(space); pos += frame {
		if pos >= 0 {
			copy(space[pos:], head)
		} else if -pos < len(head) {
			copy(space, head[-pos:])
		}
	}
	return (at + len(space)) % frame
}
