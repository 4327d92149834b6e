package hunt_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"

	"pgregory.net/rapid"
)

// A storm is the seed's, its faults make sense, and in the end all is right again.
func TestStorm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := hunt.Storm{
			Nodes: []string{"a", "b", "c", "d"}[:rapid.IntRange(2, 4).Draw(t, "nodes")], Count: rapid.IntRange(0, 20).Draw(t, "faults"),
			From: time.Second, To: time.Minute, Longest: 10 * time.Second, Slowest: time.Millisecond,
		}
		seed := rapid.Uint64().Draw(t, "seed")
		faults := s.Faults(seed)
		if len(faults) != 2*s.Count || !reflect.DeepEqual(faults, s.Faults(seed)) {
			t.Fatalf("a seed gives %v, and then %v", faults, s.Faults(seed))
		}
		down, slow, cut := make(map[string]bool), make(map[string]bool), make(map[string]bool)
		last := s.From
		for _, f := range faults {
			if err := f.Validate(); err != nil {
				t.Fatal(err)
			}
			if f.At < last || f.At > s.To {
				t.Fatalf("%v comes after %v", f, last)
			}
			last = f.At
			switch f.Kind {
			case sim.Crash:
				down[f.Nodes[0]] = true
			case sim.Restart:
				delete(down, f.Nodes[0])
			case sim.Slow:
				if slow[f.Nodes[0]] = f.Cost > 0; f.Cost == 0 {
					delete(slow, f.Nodes[0])
				}
			case sim.Cut, sim.CutOneWay:
				cut[f.Nodes[0]+f.Nodes[1]] = true
			case sim.Partition:
				cut["all"] = true
			case sim.Heal:
				if len(f.Nodes) == 0 {
					clear(cut)
					break
				}
				delete(cut, f.Nodes[0]+f.Nodes[1])
				delete(cut, f.Nodes[1]+f.Nodes[0])
			}
		}
		if len(down)+len(slow)+len(cut) > 0 {
			t.Fatalf("in the end of %v: down %v, slow %v, cut %v", faults, down, slow, cut)
		}
	})
}

func TestParseSeeds(t *testing.T) {
	for text, want := range map[string][2]uint64{"1..10000": {1, 10000}, "7": {7, 7}, "0..0": {}} {
		if first, last, err := hunt.ParseSeeds(text); err != nil || first != want[0] || last != want[1] {
			t.Errorf("%q is %d to %d, %v", text, first, last, err)
		}
	}
	for _, text := range []string{"", "..", "1..", "..2", "2..1", "-1", "1-2", "1..2..3", "one"} {
		if _, _, err := hunt.ParseSeeds(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
