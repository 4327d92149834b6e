package library

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/mesh"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// Mesh measures how long a file of 10 MB takes to nodes of three classes of bandwidth, beside the least time in which
// all of them can have it, and whether all get it when nodes fail, come late or are replaced, and when the source leaves.
func Mesh(ctx context.Context, o Options) (rows []Row, err error) {
	size := 10_000_000
	if o.Short {
		size = 4_000_000
	}
	file := newMeshFile(size)
	for _, n := range o.sizes([]int{100, 1000}, 40) {
		o.tell("mesh: a file to %d nodes", n)
		got, err := meshOf(ctx, file, n, o.Seed)
		if rows = append(rows, got...); err != nil {
			return rows, err
		}
	}
	n := 100
	if o.Short {
		n = 40
	}
	for _, f := range meshFaults {
		o.tell("mesh: %s, %d nodes", f.name, n)
		got, err := meshFails(ctx, file, n, o.Seed, f)
		if rows = append(rows, got...); err != nil {
			return rows, err
		}
	}
	if o.Live {
		got, err := meshLive(ctx, o)
		return append(rows, got...), err
	}
	return rows, nil
}

const (
	meshApp   = 1
	meshBlock = 16 << 10 // bytes, as BitTorrent asks for them
	meshHop   = 10 * time.Millisecond
)

// meshUp are the uplinks of the classes of nodes, of which there are as many of each; downlinks are eight times as fast. The source is meshSource.
var meshUp = [...]emul.Rate{128 * emul.KBps, 256 * emul.KBps, 1024 * emul.KBps}

const (
	meshDown   = 8
	meshSource = 2 * emul.MBps
)

// meshFile is a file with its whole copy.
type meshFile struct {
	*mesh.Sums
	whole *mesh.Copy
}

func newMeshFile(size int) *meshFile {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{'m', 'e', 's', 'h'}).Read(data) // it never fails
	sums := mesh.Split(data, meshBlock)
	return &meshFile{sums, sums.Whole(data)}
}

// meshCopy is a copy of which only the memory is shared: a block whose hash is right has the bytes of the whole one, so they are
// not kept a thousand times.
type meshCopy struct {
	*meshFile
	has algos.Bits
}

func (c *meshCopy) Has(block int) bool        { return c.has.Has(block) }
func (c *meshCopy) Read(block int) []byte     { return c.whole.Read(block) }
func (c *meshCopy) Write(block int, _ []byte) { c.has.Add(block) }

// swarm is a world of the mesh.
type swarm struct {
	*sim.World
	file  *meshFile
	dice  *rand.Rand
	began map[string]time.Duration // when a node started last
	done  map[string]time.Duration // when it had all
	nodes []string                 // but the source
}

func newSwarm(file *meshFile, seed uint64) *swarm {
	s := &swarm{World: sim.New(sim.Options{Seed: seed, Order: sim.Shuffled, Hop: meshHop}), file: file, dice: rand.New(rand.NewPCG(seed, 5)),
		began: make(map[string]time.Duration), done: make(map[string]time.Duration)}
	s.add("source", meshSource, func() mesh.File { return file.whole })
	return s
}

// add adds a node, which knows three of those that are there. A node that starts again has lost its blocks.
func (s *swarm) add(name string, up emul.Rate, file func() mesh.File) {
	n := s.AddNode(name, func() core.Algorithm {
		s.began[name] = s.Now()
		x := mesh.New(meshApp, file())
		for range 3 {
			if len(s.nodes) > 0 {
				x.AddHost(s.ID(algos.One(s.dice, s.nodes)))
			}
		}
		if name != "source" {
			x.AddHost(s.ID("source"))
		}
		delete(s.done, name)
		x.OnBlock = func(int) {
			if x.Have().Full() {
				s.done[name] = s.Now()
			}
		}
		return x
	})
	n.SetBandwidth(emul.Bandwidth{Up: up, Down: meshDown * up})
}

// join adds nodes of all classes.
func (s *swarm) join(n int) {
	for range n {
		i := len(s.nodes)
		s.add(fmt.Sprint("n", i), meshUp[i%len(meshUp)], func() mesh.File {
			return &meshCopy{s.file, algos.NewBits(s.file.Blocks())}
		})
		s.nodes = append(s.nodes, fmt.Sprint("n", i))
	}
}

// meshBound is the least time in which n nodes can have a file: the source has to send it once, the slowest has to take it, and all
// uplinks together have to carry it n times.
func meshBound(bytes, n int) time.Duration {
	up := float64(meshSource)
	for i := range n {
		up += float64(meshUp[i%len(meshUp)])
	}
	slowest := float64(meshDown * slices.Min(meshUp[:min(n, len(meshUp))]))
	least := float64(bytes) * math.Max(math.Max(1/float64(meshSource), 1/slowest), float64(n)/up)
	return time.Duration(least * float64(time.Second))
}

// finish lets time pass until all that run have the file, or long enough.
func (s *swarm) finish(ctx context.Context, most time.Duration) error {
	for until := s.Now() + most; s.Now() < until; {
		if err := run(ctx, s.World, time.Second); err != nil {
			return err
		}
		if have, of := s.whole(); have == of {
			return nil
		}
	}
	return nil
}

// have are the blocks of a node.
func (s *swarm) have(name string) *algos.Bits { return s.Node(name).Algorithm().(*mesh.Mesh).Have() }

// whole is how many of the nodes that run have the file.
func (s *swarm) whole() (have, of int) {
	for _, name := range s.nodes {
		if s.Node(name).Running() {
			of++
			if _, done := s.done[name]; done {
				have++
			}
		}
	}
	return have, of
}

func meshOf(ctx context.Context, file *meshFile, n int, seed uint64) (rows []Row, err error) {
	s := newSwarm(file, seed)
	defer func() { err = errors.Join(err, s.Close()) }()
	s.join(n)
	least := meshBound(file.Size, n)
	speed, err := timed(s.World, func() error { return s.finish(ctx, 20*least) })
	if err != nil {
		return nil, err
	}
	claim := func(what, unit, paper string, atLeast, atMost *float64, figure float64) {
		rows = append(rows, Claim{Overlay: "mesh", What: what, Unit: unit, Paper: paper, AtLeast: atLeast, AtMost: atMost}.Measured(Sim, n, seed, figure))
	}
	have, of := s.whole()
	claim("share of the nodes that have the file, every block by its hash", "", "", bound(1), nil, float64(have)/float64(of))
	claim("least time in which all can have it, by the uplinks", "s", "", nil, nil, least.Seconds())
	var took []float64
	for _, name := range s.nodes {
		if at, done := s.done[name]; done {
			took = append(took, at.Seconds())
		} else {
			took = append(took, math.Inf(1))
		}
	}
	slices.Sort(took)
	for _, percent := range []int{1, 10, 25, 50, 75, 90, 100} {
		claim(fmt.Sprintf("time after which %d%% have it", percent), "s", "", nil, nil, took[max(1, n*percent/100)-1])
	}
	claim("time after which all have it, of the least", "", "", nil, bound(2), took[n-1]/least.Seconds())
	var useful, extra uint64
	for _, node := range s.Nodes() {
		if c := node.Core().TakeMetrics(); c != nil {
			for _, count := range c.Counters {
				switch count.Name {
				case "blocks":
					useful += count.More
				case "duplicates":
					extra += count.More
				}
			}
		}
	}
	claim("blocks that came twice, of all", "", "", nil, bound(0.02), float64(extra)/float64(useful+extra))
	if n == 1000 {
		rows = append(rows, speed.rows("mesh", n, seed)...)
	}
	return rows, nil
}
