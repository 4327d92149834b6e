package host

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// made makes a coded multicast with some parameters, the others by default.
func made(e Env, given spec.Params) (core.Algorithm, error) {
	a := newMulticast()
	e.Params = spec.Params{}
	for _, p := range a.Params {
		e.Params[p.Name] = p.Default
	}
	for name, value := range given {
		e.Params[name] = value
	}
	return a.New(e)
}

var (
	video = App{Name: "video", ID: 1}
	audio = App{Name: "audio", ID: 2}
)

// Parameters of a coded multicast that make no sense are refused by their names.
func TestMulticastParameters(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		apps  []App
		ok    bool
	}{
		{"generation", 32, []App{video}, true}, {"generation", 256, []App{video}, true}, {"application", "audio", []App{video, audio}, true},
		{"code", "sparse", []App{video}, true}, {"code", "band", []App{video}, true}, {"receive", "yes", []App{video}, true},
		{"generation", 1, []App{video}, false}, {"generation", 257, []App{video}, false}, {"window", 0, []App{video}, false},
		{"window", netcode.MaxWindow + 1, []App{video}, false}, {"weight", 0, []App{video}, false}, {"queue", 0, []App{video}, false},
		{"code", "raptor", []App{video}, false}, {"beat", time.Microsecond, []App{video}, false}, {"linger", time.Duration(0), []App{video}, false},
		{"receive", "perhaps", []App{video}, false}, {"application", "radio", []App{video, audio}, false}, {"application", "", []App{video, audio}, false},
	} {
		_, err := made(Env{Apps: c.apps}, spec.Params{c.name: c.value})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s of %v: the error is %v", c.name, c.value, err)
		}
	}
}

// payloadOf is what a source of package apps sends as message seq.
func payloadOf(seq uint64) []byte {
	p := make([]byte, 100)
	r := rand.New(rand.NewPCG(seq, 1))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	apps.Stamp(p, apps.BodyHash(p), seq, int64(seq)*1000)
	return p
}

// What a receiver decodes is held against what its source made and the order in which it
// did: what is left out is counted, what is false or not in its place violates the invariant.
func TestMulticastChecksWhatItDecodes(t *testing.T) {
	changed := payloadOf(3)
	changed[50]++
	for _, c := range []struct {
		name    string
		packets [][]byte
		streams []uint32 // of each; nil: all of one
		came    []uint64
		missed  uint64
		wrong   bool
	}{
		{"in order", [][]byte{payloadOf(0), payloadOf(1), payloadOf(2)}, nil, []uint64{0, 1, 2}, 0, false},
		{"begun late", [][]byte{payloadOf(700), payloadOf(701)}, nil, []uint64{700, 701}, 0, false},
		{"a gap", [][]byte{payloadOf(0), payloadOf(5)}, nil, []uint64{0, 5}, 4, false},
		{"another source of the node", [][]byte{payloadOf(0), payloadOf(1), payloadOf(0)}, nil, []uint64{0, 1, 0}, 0, false},
		{"the source anew", [][]byte{payloadOf(5), payloadOf(2)}, []uint32{7, 8}, []uint64{5, 2}, 0, false},
		{"padding is no other stream", [][]byte{payloadOf(5), payloadOf(6)}, []uint32{7, 7 | 1<<31}, []uint64{5, 6}, 0, false},
		{"too short for a stamp", [][]byte{{1}, {2}, {3}}, nil, []uint64{0, 1, 2}, 0, false},
		{"changed", [][]byte{payloadOf(2), changed, payloadOf(3)}, nil, []uint64{2, 3}, 0, true},
		{"out of order", [][]byte{payloadOf(2), payloadOf(3), payloadOf(2)}, nil, []uint64{2, 3}, 0, true},
		{"twice", [][]byte{payloadOf(2), payloadOf(2)}, nil, []uint64{2}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var came []uint64
			e := Env{Apps: []App{video}, Upstreams: []core.NodeID{{}}}
			e.Delivered = func(_ core.NodeID, _ uint32, seq uint64) { came = append(came, seq) }
			alg, err := made(e, nil)
			if err != nil {
				t.Fatal(err)
			}
			n := alg.(*codingNode)
			coretest.New(t, core.Config{}).Node("n", n)
			for i, p := range c.packets {
				g := coding.Generation{Stream: 7}
				if c.streams != nil {
					g.Stream = c.streams[i]
				}
				n.deliver(g, i, p)
			}
			if n.Invariant() != nil != c.wrong {
				t.Errorf("the invariant says %v", n.Invariant())
			}
			counts := map[string]uint64{}
			for _, m := range n.TakeMetrics().Counters {
				counts[m.Name] = m.More
			}
			if !slices.Equal(came, c.came) || counts["missed"] != c.missed || counts["packets"] != uint64(len(c.came)) {
				t.Errorf("%v came, and the counters are %v; want %v and %d missed", came, counts, c.came, c.missed)
			}
		})
	}
}
