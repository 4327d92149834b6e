package federation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/sflow"
)

// Overlay is a service overlay network: nodes of which some have a service, and what each can send to each other.
type Overlay struct {
	Names    []string
	Services []string    // of each node; empty: none
	KBps     [][]float64 // from one to another
	Latency  [][]time.Duration
	Need     sflow.Requirement
	Known    int // hosts that a node knows when it starts
	Seed     uint64
}

// What PlanetLab was like (Lee, Sharma, Banerjee, Basu, Fonseca, "Measuring Bandwidth Between PlanetLab Nodes", PAM 2005, finds pairs from
// below 0.5 to above 100 Mbps), is not known for the paper's 16 nodes: its one figure is 69 KBps at the last hop. So the population is made up, and says how:
// a node's access has a capacity that is distributed log-normally around medianKBps, a path between two gets a uniform
// share of the lesser, as other traffic leaves it, and nodes lie anywhere in a box as large as North America.
const (
	medianKBps    = 150.0
	sigma         = 0.6 // of the logarithm
	leastShare    = 0.4
	leastKBps     = 20.0
	width, height = 4500.0, 2500.0 // km
	perMs         = 120.0          // km: two thirds of light in vacuum, and detours
	lastMile      = 4 * time.Millisecond
)

// Requirement is what the populations are asked for: two branches that meet, between a source and a sink.
const Requirement = "source -> decode -> scale -> mix -> sink; source -> subtitle -> mix"

// instances are how many nodes have each service of Requirement.
var instances = []struct {
	service string
	nodes   int
}{{"source", 1}, {"decode", 2}, {"scale", 2}, {"subtitle", 2}, {"mix", 2}, {"sink", 1}}

// Least is the smallest overlay: one that has all instances.
const Least = 10

// NewOverlay is an overlay of so many nodes, Least or more, decided by the seed. Ten have services, as nine or so in the paper; the
// others relay news of them.
func NewOverlay(nodes int, seed uint64) Overlay {
	dice := rand.New(rand.NewPCG(seed, 0x5f10))
	need, err := sflow.ParseRequirement(Requirement)
	if err != nil {
		panic(err) // it is a constant
	}
	o := Overlay{Need: need, Seed: seed, Known: 5, Services: make([]string, nodes)}
	places := dice.Perm(nodes)
	for _, i := range instances {
		for range i.nodes {
			o.Services[places[0]] = i.service
			places = places[1:]
		}
	}
	capacity, x, y := make([]float64, nodes), make([]float64, nodes), make([]float64, nodes)
	for i := range nodes {
		o.Names = append(o.Names, fmt.Sprint("n", i+1))
		capacity[i] = max(leastKBps/leastShare, medianKBps*math.Exp(sigma*dice.NormFloat64()))
		x[i], y[i] = width*dice.Float64(), height*dice.Float64()
	}
	for i := range nodes {
		o.KBps, o.Latency = append(o.KBps, make([]float64, nodes)), append(o.Latency, make([]time.Duration, nodes))
		for j := range nodes {
			if i != j {
				o.KBps[i][j] = math.Round(min(capacity[i], capacity[j]) * (leastShare + (1-leastShare)*dice.Float64()))
				o.Latency[i][j] = lastMile + time.Duration(math.Hypot(x[i]-x[j], y[i]-y[j])/perMs*float64(time.Millisecond))
			}
		}
	}
	return o
}

// having are the nodes that have a service.
func (o *Overlay) having(service string) (nodes []int) {
	for i, s := range o.Services {
		if s == service {
			nodes = append(nodes, i)
		}
	}
	return nodes
}

// Rate is the rate in KBps that a choice of a node for each step allows: branches that meet are joined message by message, so
// it is the least of any edge. Edges share nothing in this overlay.
func (o *Overlay) Rate(chosen []int) float64 {
	least := math.Inf(1)
	for i, s := range o.Need.Steps {
		for _, v := range s.Next {
			least = min(least, o.KBps[chosen[i]][chosen[v]])
		}
	}
	return least
}

// PathLatency is the emulated latency of the longest branch of a choice.
func (o *Overlay) PathLatency(chosen []int) time.Duration {
	at := make([]time.Duration, len(chosen))
	for i, s := range o.Need.Steps { // each step comes behind those before it
		for _, v := range s.Next {
			at[v] = max(at[v], at[i]+o.Latency[chosen[i]][chosen[v]])
		}
	}
	return at[len(at)-1]
}

// every calls fn with every choice of different nodes. fn keeps nothing.
func (o *Overlay) every(fn func(chosen []int)) {
	chosen := make([]int, 0, len(o.Need.Steps))
	var next func()
	next = func() {
		if len(chosen) == len(o.Need.Steps) {
			fn(chosen)
			return
		}
		for _, n := range o.having(o.Need.Steps[len(chosen)].Service) {
			if !slices.Contains(chosen, n) {
				chosen = append(chosen, n)
				next()
				chosen = chosen[:len(chosen)-1]
			}
		}
	}
	next()
}

// Optimum is the choice with the highest rate, found by looking at all; of those that are equal, the one with the least latency.
func (o *Overlay) Optimum() (chosen []int, kbps float64) {
	o.every(func(c []int) {
		if r := o.Rate(c); r > kbps || r == kbps && o.PathLatency(c) < o.PathLatency(chosen) {
			chosen, kbps = slices.Clone(c), r
		}
	})
	return chosen, kbps
}

// Choices is how many there are.
func (o *Overlay) Choices() (n int) {
	o.every(func([]int) { n++ })
	return n
}
