package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// While a recoder has only vector packets it sums coefficients and payload as one body, and then, with others, apart.
// What it makes is right before and after, one or several at a time, and the vector packets are left as they are.
func TestRecodeVectorsThenOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGeneration.Draw(t, "generation")
		sources := sourcesOf(g, 1)
		var e Encoder
		if err := e.Reset(g, sources); err != nil {
			t.Fatal(err)
		}
		r := Recoder{Code: drawCode.Draw(t, "code"), Seed: 5}
		if err := r.Reset(g); err != nil {
			t.Fatal(err)
		}
		vectors := rapid.IntRange(0, g.K).Draw(t, "vector packets")
		coefs, draws := make([]byte, g.K), splitMix{rapid.Uint64().Draw(t, "seed")}
		var added, before [][]byte
		for i := range g.K {
			b := packetOf(t, e.Len()+g.K, func(b []byte) (int, error) {
				switch {
				case i < vectors:
					draws.dense(coefs)
					return e.Combine(b, coefs)
				case i%2 == 0:
					return e.Source(b, g.K-1-i)
				}
				return e.Coded(b)
			})
			added, before = append(added, b), append(before, bytes.Clone(b))
			if _, err := r.Add(b); err != nil {
				t.Fatal(err)
			}
			made := make([][]byte, 6) // more than a batch has rows that one call makes
			for j := range made {
				made[j] = make([]byte, g.VectorLen())
			}
			if err := r.RecodeAll(made); err != nil {
				t.Fatal(err)
			}
			made = append(made, packetOf(t, g.VectorLen(), r.Recode))
			for _, b := range made {
				if eq := equationOf(t, b); !bytes.Equal(eq.value, slowSum(eq.coefs, sources, g.Size)) {
					t.Fatalf("after %d packets, %d of them vectors, made %x, which is not the sum it says", i+1, vectors, b)
				}
			}
		}
		for i, b := range added {
			if !bytes.Equal(b, before[i]) {
				t.Fatalf("packet %d was written", i)
			}
		}
	})
}
