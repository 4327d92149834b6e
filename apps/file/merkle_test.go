package file_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/apps/file"
)

// above is the hash over so many leaves as the document says it, the plain way.
func above(level int, leaves [][]byte) []byte {
	if level == 0 {
		if len(leaves) == 0 {
			return make([]byte, 32)
		}
		return leaves[0]
	}
	half := min(1<<(level-1), len(leaves))
	sum := sha256.Sum256(slices.Concat([]byte{1}, above(level-1, leaves[:half]), above(level-1, leaves[half:])))
	return sum[:]
}

// The tree is what the document says, whatever way the bytes come in; each block's proof shows that it is its own, and nothing else.
func TestTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 64*20).Draw(t, "data")
		d, err := file.NewDescriber("a", 64)
		if err != nil {
			t.Fatal(err)
		}
		for left := data; len(left) > 0; {
			n := rapid.IntRange(1, len(left)).Draw(t, "n")
			if k, err := d.Write(left[:n]); k != n || err != nil {
				t.Fatal(k, err)
			}
			left = left[n:]
		}
		m, tree, err := d.End()
		if err != nil {
			t.Fatal(err)
		}
		var leaves [][]byte
		for block := range slices.Chunk(data, 64) {
			sum := sha256.Sum256(append([]byte{0}, block...))
			leaves = append(leaves, sum[:])
		}
		if want := above(m.Depth(), leaves); m.Root != file.Hash(want) || m.Sum != sha256.Sum256(data) || m.Length != int64(len(data)) || m.Blocks() != len(leaves) {
			t.Fatalf("%d bytes are %+v, want the root %x", len(data), m, want)
		}
		if len(leaves) == 0 {
			return
		}
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "i")
		proof := make([]byte, m.Depth()*file.HashLen)
		tree.Put(proof, i)
		h, leaf := file.NewHasher(), file.Hash(leaves[i])
		if !h.Proves(m.Root, leaf, i, proof) || tree.Leaf(i) != leaf {
			t.Fatalf("block %d of %d is not proven", i, len(leaves))
		}
		other := rapid.IntRange(0, 1<<m.Depth()-1).Draw(t, "other")
		if other != i && h.Proves(m.Root, leaf, other, proof) && !bytes.Equal(above(m.Depth(), swapped(leaves, i, other)), m.Root[:]) {
			t.Fatalf("block %d of %d passes for %d", i, len(leaves), other)
		}
		leaf[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		if h.Proves(m.Root, leaf, i, proof) {
			t.Fatal("a false block is proven")
		}
	})
}

// swapped has two leaves exchanged; with equal blocks that changes nothing.
func swapped(leaves [][]byte, i, j int) [][]byte {
	all := slices.Clone(leaves)
	for len(all) <= j {
		all = append(all, make([]byte, 32))
	}
	all[i], all[j] = all[j], all[i]
	return all
}

// A set does what a map does.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		s, want := file.NewSet(n), make([]bool, n)
		count := func() (c int) {
			for _, is := range want {
				if is {
					c++
				}
			}
			return c
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				i := rapid.IntRange(0, n+70).Draw(t, "i")
				if isNew := s.Add(i); isNew != (i < n && !want[i]) {
					t.Fatalf("%d of %d is new: %v", i, n, isNew)
				}
				if i < n {
					want[i] = true
				}
			},
			"remove": func(t *rapid.T) {
				i := rapid.IntRange(0, n+70).Draw(t, "i")
				s.Remove(i)
				if i < n {
					want[i] = false
				}
			},
			"clear": func(*rapid.T) { s.Clear(); clear(want) },
			"fill": func(*rapid.T) {
				s.Fill()
				for i := range want {
					want[i] = true
				}
			},
			"": func(t *rapid.T) {
				if s.Count() != count() || s.Full() != (count() == n) || s.Len() != n {
					t.Fatalf("%d of %d, want %d", s.Count(), s.Len(), count())
				}
				for i := range n + 2 {
					at := -1
					for j := i; j < n && at < 0; j++ {
						if want[j] {
							at = j
						}
					}
					if s.Has(i) != (i < n && want[i]) || s.Next(i) != at {
						t.Fatalf("%d: %v, next %d, want %d", i, s.Has(i), s.Next(i), at)
					}
				}
				again := file.NewSet(n)
				all := s.Ranges(nil, n)
				for k, r := range all {
					if r.Count == 0 || k > 0 && all[k-1].First+all[k-1].Count >= r.First {
						t.Fatalf("ranges %v", all)
					}
					for i := range r.Count {
						again.Add(int(r.First + i))
					}
				}
				for i := range n {
					if again.Has(i) != s.Has(i) {
						t.Fatalf("%d is lost in %v", i, all)
					}
				}
				if k := len(all) / 2; len(s.Ranges(nil, k)) != k {
					t.Fatalf("%d ranges, want %d", len(s.Ranges(nil, k)), k)
				}
			},
		})
	})
}
