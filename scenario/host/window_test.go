package host

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func madeWindow(e Env, given spec.Params) (core.Algorithm, error) {
	a := newWindow()
	e.Params = spec.Params{}
	for _, p := range a.Params {
		e.Params[p.Name] = p.Default
	}
	for name, value := range given {
		e.Params[name] = value
	}
	return a.New(e)
}

// Parameters of a sliding window that make no sense are refused by their names.
func TestWindowParameters(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		apps  []App
		ok    bool
	}{
		{"window", 1, []App{video}, true}, {"window", 256, []App{video}, true}, {"size", 65534, []App{video}, true}, {"deadline", time.Hour, []App{video}, true},
		{"overhead", 1.0, []App{video}, true}, {"feedback", "yes", []App{video}, true}, {"receive", "yes", []App{video}, true}, {"application", "audio", []App{video, audio}, true},
		{"window", 0, []App{video}, false}, {"window", 257, []App{video}, false}, {"size", 65535, []App{video}, false}, {"deadline", time.Microsecond, []App{video}, false},
		{"deadline", 2 * time.Hour, []App{video}, false}, {"overhead", 1.5, []App{video}, false}, {"feedback", "maybe", []App{video}, false},
		{"queue", 0, []App{video}, false}, {"beat", time.Microsecond, []App{video}, false}, {"receive", "perhaps", []App{video}, false},
		{"application", "", []App{video, audio}, false},
	} {
		_, err := madeWindow(Env{Apps: c.apps}, spec.Params{c.name: c.value})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s of %v: the error is %v", c.name, c.value, err)
		}
	}
	if _, err := madeWindow(Env{Apps: []App{video}}, spec.Params{"feedback": "no"}); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("no feedback and no deadline: the error is %v", err)
	}
}

// What a receiver decodes is held against what its source made and the order in which it did.
func TestWindowChecksWhatItDecodes(t *testing.T) {
	changed := payloadOf(3)
	changed[50]++
	for _, c := range []struct {
		name    string
		packets [][]byte
		came    []uint64
		missed  uint64
		wrong   bool
	}{
		{"in order", [][]byte{payloadOf(0), payloadOf(1), payloadOf(2)}, []uint64{0, 1, 2}, 0, false},
		{"begun late", [][]byte{payloadOf(700), payloadOf(701)}, []uint64{700, 701}, 0, false},
		{"a gap", [][]byte{payloadOf(0), payloadOf(5)}, []uint64{0, 5}, 4, false},
		{"changed", [][]byte{payloadOf(2), changed, payloadOf(3)}, []uint64{2, 3}, 0, true},
		{"out of order", [][]byte{payloadOf(2), payloadOf(3), payloadOf(2)}, []uint64{2, 3}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var came []uint64
			e := Env{Apps: []App{video}, Upstreams: []core.NodeID{{}}}
			e.Delivered = func(_ core.NodeID, _ uint32, seq uint64) { came = append(came, seq) }
			alg, err := madeWindow(e, nil)
			if err != nil {
				t.Fatal(err)
			}
			n := alg.(*windowNode)
			coretest.New(t, core.Config{}).Node("n", n)
			for i, p := range c.packets {
				n.deliver(uint64(i), p)
			}
			if n.Invariant() != nil != c.wrong {
				t.Errorf("the invariant says %v", n.Invariant())
			}
			counts := map[string]uint64{}
			for _, m := range n.TakeMetrics().Counters {
				counts[m.Name] = m.More
			}
			if !slices.Equal(came, c.came) || counts["missed"] != c.missed {
				t.Errorf("%v came, and the counters are %v; want %v and %d missed", came, counts, c.came, c.missed)
			}
		})
	}
}
