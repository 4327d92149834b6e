package netcode_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

// keys are a source's, the same each time.
func keys() (ed25519.PrivateKey, ed25519.PublicKey) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	return k, k.Public().(ed25519.PublicKey)
}

// lies spoils the last byte of a packet.
func lies(packet []byte) { packet[len(packet)-1] ^= 0x55 }

// liars makes a topology in which some relays lie about everything. Whom nodes shun is noted.
func liars(t *testing.T, k int, names []string, edges []edge, to []string, lying ...string) (g *graph, shunned map[string][]string) {
	sign, trust := keys()
	shunned = map[string][]string{}
	src := &counted{app: 1, size: always(size), limit: 1 << 60}
	cfg := netcode.Session{K: k, Trust: trust}
	g = newGraphOf(t, 1, cfg, names, edges, to, src, func(name string, s *netcode.Session) {
		if name == names[0] {
			s.Sign = sign
		}
		for _, liar := range lying {
			if name == liar {
				s.Tamper = lies
			}
		}
		s.OnShun = func(id core.NodeID) {
			for _, other := range names {
				if g.w.ID(other) == id {
					shunned[name] = append(shunned[name], other)
				}
			}
		}
	})
	return g, shunned
}

// One relay of twenty lies, two links above the receivers. Whatever it does, no receiver is
// ever handed a false packet; its neighbours find it out and shun it, nobody else is shunned
// but by chance, and the others carry the stream.
func TestLiarAmongTwentyRelays(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	const k = 16
	names, edges := []string{"s"}, []edge(nil)
	link := func(from, to string) { edges = append(edges, edge{from, to, emul.Link{Rate: packets(100, k)}}) }
	for layer := range 4 {
		for i := range 5 {
			name := fmt.Sprintf("r%d%d", layer, i)
			names = append(names, name)
			if layer == 0 {
				link("s", name)
				continue
			}
			for j := range 2 {
				link(fmt.Sprintf("r%d%d", layer-1, (i+j)%5), name)
			}
		}
	}
	var to []string
	for i := range 5 {
		name := fmt.Sprint("t", i)
		names, to = append(names, name), append(to, name)
		for j := range 2 {
			link(fmt.Sprintf("r3%d", (i+j)%5), name)
		}
	}
	g, shunned := liars(t, k, names, edges, to, "r12")
	g.runFor(t, 25*time.Second)
	rates := g.rates(t, 20*time.Second)
	for name, r := range rates {
		if c := g.nodes[name].Counters(); r < 160 || c.Doubted > 64 {
			t.Errorf("%s gets %.1f packets a second of 200: %+v", name, r, c)
		}
	}
	for name, whom := range shunned {
		for _, other := range whom {
			if other != "r12" && name != "r12" {
				t.Errorf("%s shuns %s, which has not lied", name, other)
			}
		}
	}
	if len(shunned["r22"])+len(shunned["r21"]) != 2 {
		t.Errorf("those whom r12 lies to shun %v and %v", shunned["r21"], shunned["r22"])
	}
}
