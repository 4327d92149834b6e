package algos_test

import (
	"math/rand/v2"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
)

// BenchmarkPieces collects a thing of 611 pieces, a file of 10 MB in blocks of 16 KiB, from ten peers that have half of it each: one
// operation is a piece that is chosen, asked for and answered.
func BenchmarkPieces(b *testing.B) {
	const n, peers = 611, 10
	rng := rand.New(rand.NewPCG(1, 1))
	var p algos.Pieces
	at := 0
	for b.Loop() {
		if at%(n/2) == 0 {
			p = algos.NewPieces(n, nil)
			for i := range peers {
				p.Join(nodeID(i + 1))
				for piece := range uint32(n) {
					if rng.IntN(2) == 0 {
						p.Told(nodeID(i+1), piece)
					}
				}
			}
		}
		id := nodeID(at%peers + 1)
		at++
		for _, piece := range p.Ask(id, 1, rng, 0, 0) {
			p.Answered(id, int(piece))
			p.Have.Add(int(piece))
		}
	}
}
