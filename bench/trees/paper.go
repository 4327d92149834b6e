package trees

import (
	"math"
	"math/rand/v2"
	"time"
)

// What the paper says, and the sessions that it says it of.

// PaperFigures are a node's in table 3; NaN where the paper gives none.
type PaperFigures struct{ Degree, Stress, DataKBps float64 }

// Paper is table 3 with figure 5's throughput, by policy and node. The paper prints stress by the bandwidth that it
// measured (0.98 for B), which is here the bandwidth that it set.
var Paper = map[string]map[string]PaperFigures{
	"unicast": {
		"S": {4, 2.0, math.NaN()}, "A": {1, 0.2, 50}, "B": {1, 1.0, 50}, "C": {1, 0.5, 50}, "D": {1, 1.0, 50},
	},
	"random": {
		"S": {2, 1.0, math.NaN()}, "A": {1, 0.2, math.NaN()}, "B": {1, 0.98, math.NaN()}, "C": {2, 1.0, math.NaN()}, "D": {2, 1.98, math.NaN()},
	},
	"ns-aware": {
		"S": {2, 1.0, math.NaN()}, "A": {3, 0.6, 100}, "B": {1, 0.97, 100}, "C": {1, 0.51, 100}, "D": {1, 1.0, 100},
	},
}

// Table3 is the session of figure 5: S 200, A 500, B 100, C 200 and D 100 KBps, which join in the order D, A, C, B.
func Table3() Session {
	return Session{
		Members: []Member{{"S", 200}, {"A", 500}, {"B", 100}, {"C", 200}, {"D", 100}},
		Order:   []string{"D", "A", "C", "B"}, Every: 2 * time.Second, Settle: 6 * time.Second,
		Warmup: 4 * time.Second, Window: 10 * time.Second, Payload: 1000, Seed: 1,
	}
}

// mostJoining is how long all joins of a population may take together.
const mostJoining = 2 * time.Minute

// Population is a session of figures 6 and 7: so many nodes, the source with 100 KBps and the others uniformly between 50 and 200, who
// join in any order. It is decided by the seed.
func Population(nodes int, seed uint64) Session {
	dice := rand.New(rand.NewPCG(seed, 0x7ee))
	s := Session{
		Members: []Member{{"n1", 100}}, Every: min(500*time.Millisecond, mostJoining/time.Duration(nodes)), Settle: 10 * time.Second,
		Warmup: 60 * time.Second, Window: 60 * time.Second, Payload: 1000, Seed: seed,
	}
	for i := 2; i <= nodes; i++ {
		name := nodeName(i)
		s.Members = append(s.Members, Member{name, 50 + 150*dice.Float64()})
		s.Order = append(s.Order, name)
	}
	s.Places = places(nodes, seed)
	dice.Shuffle(len(s.Order), func(i, j int) { s.Order[i], s.Order[j] = s.Order[j], s.Order[i] })
	return s
}

// Hurry makes a population's session one for real time: what is waited for is shorter.
func (s *Session) Hurry() {
	s.Every, s.Settle, s.Warmup, s.Window = min(s.Every, 250*time.Millisecond), 5*time.Second, 20*time.Second, 30*time.Second
}

// AfterJoins is the session when so many have joined, and nobody else will.
func (s *Session) AfterJoins(n int) { s.Order = s.Order[:min(n, len(s.Order))] }

// Length is how long the session takes.
func (s *Session) Length() time.Duration {
	_, _, to := s.times()
	return to
}

// Ideal is the stress that all nodes would have if the tree's degree could be spread by bandwidth exactly: the sum of
// degrees, two a link, by the sum of bandwidth in 100 KBps.
func (s *Session) Ideal() float64 {
	sum := 0.0
	for _, m := range s.Members {
		sum += m.KBps / 100
	}
	return 2 * float64(len(s.Members)-1) / sum
}

// Bound is the rate in KBps that no tree of these nodes exceeds: of a tree in which all nodes get the same rate, a node of degree d and
// bandwidth b passes b/d at most, so a rate r allows floor(b/r) links to each node, at least one, and needs two a link in all. It is the
// greatest r that does; headers count.
func (s *Session) Bound() float64 {
	fits := func(r float64) bool {
		links := 0
		for _, m := range s.Members {
			d := int(m.KBps / r)
			if d < 1 {
				return false
			}
			links += d
		}
		return links >= 2*(len(s.Members)-1)
	}
	low, high := 0.0, math.Inf(1)
	for _, m := range s.Members {
		high = min(high, m.KBps)
	}
	if fits(high) {
		return high
	}
	for range 60 {
		if middle := (low + high) / 2; fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
