package algos

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core"
)

// seenSet against a list of everything: the newest SeenAtLeast are never taken for
// new, and nothing is taken for seen that was not.
func TestSeenModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s seenSet
		var newest []uint64 // oldest first, each once
		level := map[uint64]uint8{}
		for range rapid.IntRange(0, 12).Draw(t, "bursts") {
			first := rapid.Uint64Range(0, 3*SeenAtLeast).Draw(t, "first")
			lv := uint8(rapid.IntRange(1, 3).Draw(t, "level"))
			behind := first + rapid.Uint64Range(1, 2*SeenAtLeast).Draw(t, "length")
			for key := first; key < behind; key++ {
				before := s.mark(key, lv)
				i := slices.Index(newest, key)
				switch {
				case before != 0 && before != level[key]:
					t.Fatalf("key %d was seen at level %d, not %d", key, level[key], before)
				case before == 0 && i >= 0 && i >= len(newest)-SeenAtLeast:
					t.Fatalf("key %d is forgotten after %d others", key, len(newest)-1-i)
				case before == 0:
					level[key] = lv
				default:
					level[key] = max(level[key], lv)
				}
				if i >= 0 {
					newest = slices.Delete(newest, i, i+1)
				}
				newest = append(newest, key)
			}
			if n := s.young.n + s.old.n; n > 2*SeenAtLeast {
				t.Fatalf("%d messages are remembered", n)
			}
		}
	})
}

// A message that comes again is as good as new to the memory: a flood that goes on
// is not forgotten while it does.
func TestSeenAgain(t *testing.T) {
	var s seenSet
	for key := range uint64(20 * SeenAtLeast) {
		s.mark(key, 1)
		if key%100 == 0 && s.mark(0, 1) == 0 {
			t.Fatalf("forgotten after %d others, with a reminder every 100", key)
		}
	}
}

// Every part of a message's identity counts.
func TestFingerprintsDiffer(t *testing.T) {
	a, errA := core.ParseNodeID("10.0.0.1:7000")
	b, errB := core.ParseNodeID("10.0.0.1:7001")
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	prints := map[uint64]bool{
		fingerprint(a, 1, 2, 3): true, fingerprint(b, 1, 2, 3): true, fingerprint(a, 2, 2, 3): true,
		fingerprint(a, 1, 3, 3): true, fingerprint(a, 1, 2, 4): true, fingerprint(core.NodeID{}, 1, 2, 3): true,
	}
	if len(prints) != 6 {
		t.Errorf("%d fingerprints of 6 messages", len(prints))
	}
}
