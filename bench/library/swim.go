package library

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/algos/swim"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// swimCrashes are the members that fail, one every five seconds: so many that their mean has a
// standard error of a quarter of a period.
const swimCrashes = 16

// quiet is how long a group is watched in which nothing happens.
const quiet = 20 * time.Second

// SWIM measures what SWIM claims of groups of 100 to 5,000: that the time until a crash is first
// noticed, and what a member sends, do not depend on the size; and how often a member that
// lives is held for dead where links lose messages.
func SWIM(ctx context.Context, o Options) (rows []Row, err error) {
	for _, n := range o.sizes([]int{100, 1000, 5000}, 60) {
		o.tell("swim: crashes and messages of %d nodes", n)
		got, err := swimCrash(ctx, n, o.Seed)
		if rows = append(rows, got...); err != nil {
			return rows, err
		}
	}
	n, minutes := 100, 60
	if o.Short {
		n, minutes = 30, 4
	}
	for _, loss := range []float64{0.01, 0.05, 0.10} {
		o.tell("swim: loss of %.0f%% at %d nodes", 100*loss, n)
		got, err := swimLoss(ctx, n, minutes, loss, o.Seed)
		if rows = append(rows, got...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// swimGroup is a world whose members know three others when they start, and lose messages.
type swimGroup struct {
	*sim.World
	nodes     []*sim.Node
	first     map[core.NodeID]time.Duration // when somebody first suspected a member
	suspected int                           // changes to suspect
	dead      map[core.NodeID]int           // how many held a member for dead, while it ran
}

// swimNode is SWIM on links that lose messages.
type swimNode struct {
	*swim.Swim
	loss float64
}

func (s *swimNode) Bind(n *core.Node) {
	s.Swim.Bind(n)
	n.SetDefaultLink(emul.Link{Loss: s.loss})
}

func newSwimGroup(n int, loss float64, seed uint64) *swimGroup {
	g := &swimGroup{World: sim.New(sim.Options{Seed: seed, Order: sim.Shuffled}), first: make(map[core.NodeID]time.Duration), dead: make(map[core.NodeID]int)}
	dice := core.Rand(seed)
	for i := range n {
		g.AddNode(fmt.Sprint("n", i), func() core.Algorithm {
			s := &swimNode{swim.New(), loss}
			for range 3 {
				s.AddHost(g.ID(fmt.Sprint("n", dice.IntN(n))))
			}
			s.OnChange = func(member core.NodeID, now swim.State) { g.changed(member, now) }
			return s
		})
	}
	g.nodes = g.Nodes()
	return g
}

func (g *swimGroup) changed(member core.NodeID, now swim.State) {
	switch _, before := g.first[member]; {
	case now == swim.Suspect:
		g.suspected++
		if !before {
			g.first[member] = g.Now()
		}
	case now == swim.Dead && g.Node(g.Name(member)).Running():
		g.dead[member]++
	}
}

// settle lets all come to know each other.
func (g *swimGroup) settle(ctx context.Context) error {
	for range 120 {
		if err := run(ctx, g.World, time.Second); err != nil {
			return err
		}
		whole := true
		for _, n := range g.nodes {
			whole = whole && n.Algorithm().(*swimNode).Live() == len(g.nodes)
		}
		if whole {
			return run(ctx, g.World, 10*time.Second) // what is left of the news
		}
	}
	return fmt.Errorf("swim: %d nodes have not come to know each other in two minutes", len(g.nodes))
}

func swimCrash(ctx context.Context, n int, seed uint64) (rows []Row, err error) {
	g := newSwimGroup(n, 0, seed)
	defer func() { err = errors.Join(err, g.Close()) }()
	if err := g.settle(ctx); err != nil {
		return nil, err
	}
	before := g.Totals()
	speed, err := timed(g.World, func() error { return run(ctx, g.World, quiet) })
	if err != nil {
		return nil, err
	}
	after := g.Totals()
	perMember := 1 / (float64(n) * quiet.Seconds())
	rows = []Row{
		Claim{Overlay: "swim", What: "messages that a member takes a period, quiet", AtMost: bound(2.2),
			Paper: "constant load: a ping and an ack, section 3"}.Measured(Sim, n, seed, float64(after.Messages-before.Messages)*perMember),
		Claim{Overlay: "swim", What: "bytes that a member takes, quiet", Unit: "B/s"}.Measured(Sim, n, seed, float64(after.Bytes-before.Bytes)*perMember),
	}
	if n == 1000 {
		rows = append(rows, speed.rows("swim", n, seed)...)
	}
	died := make([]time.Duration, swimCrashes)
	for i := range died {
		at := g.Now() + time.Duration(i)*5*time.Second + time.Duration(i)*137*time.Millisecond
		died[i] = at
		g.Schedule(sim.Fault{At: at, Kind: sim.Crash, Nodes: []string{g.nodes[i].Name()}})
	}
	if err := run(ctx, g.World, 5*swimCrashes*time.Second+90*time.Second); err != nil {
		return rows, err
	}
	mean, worst, noticed, wrong := 0.0, 0.0, 0, len(g.dead)
	for i, at := range died {
		id := g.nodes[i].ID()
		took := (g.first[id] - at).Seconds()
		if g.first[id] == 0 {
			took = math.Inf(1)
		}
		mean, worst = mean+took/swimCrashes, math.Max(worst, took)
		for _, node := range g.nodes[swimCrashes:] {
			if node.Algorithm().(*swimNode).State(id) == swim.Dead {
				noticed++
			}
		}
	}
	return append(rows,
		Claim{Overlay: "swim", What: "crash to first suspicion, mean", Unit: "periods", AtMost: bound(2.6),
			Paper: "e/(e-1) = 1.58 periods to the probe, section 3.1, and the period of it"}.Measured(Sim, n, seed, mean),
		Claim{Overlay: "swim", What: "crash to first suspicion, longest of 16", Unit: "periods"}.Measured(Sim, n, seed, worst),
		Claim{Overlay: "swim", What: "share of live members that hold the crashed for dead in the end", AtLeast: bound(1),
			Paper: "strong completeness, section 2"}.Measured(Sim, n, seed, float64(noticed)/float64(swimCrashes*(n-swimCrashes))),
		Claim{Overlay: "swim", What: "live members that were held for dead", AtMost: bound(0)}.Measured(Sim, n, seed, float64(wrong)),
	), nil
}

func swimLoss(ctx context.Context, n, minutes int, loss float64, seed uint64) (rows []Row, err error) {
	g := newSwimGroup(n, loss, seed)
	defer func() { err = errors.Join(err, g.Close()) }()
	if err := run(ctx, g.World, time.Minute); err != nil {
		return nil, err
	}
	g.suspected, g.dead = 0, make(map[core.NodeID]int)
	if err := run(ctx, g.World, time.Duration(minutes)*time.Minute); err != nil {
		return nil, err
	}
	views, wrong := 0, 0
	for _, times := range g.dead {
		wrong += times
	}
	for _, node := range g.nodes {
		views += node.Algorithm().(*swimNode).Live()
	}
	hours := float64(n*minutes) / 60
	what := fmt.Sprintf("loss %.0f%%: ", 100*loss)
	note := fmt.Sprintf("%d nodes, %d minutes", n, minutes)
	rows = []Row{
		Claim{Overlay: "swim", What: what + "members suspected, seen by one other, a member-hour"}.Measured(Sim, n, seed, float64(g.suspected)/float64(n)/hours),
		Claim{Overlay: "swim", What: what + "false deaths, seen by one other, a member-hour", AtMost: bound(0.05),
			Paper: "suspicion reduces false positives, fig. 6"}.Measured(Sim, n, seed, float64(wrong)/float64(n)/hours),
		Claim{Overlay: "swim", What: what + "share of members in the views at the end", AtLeast: bound(0.99)}.Measured(Sim, n, seed, float64(views)/float64(n*n)),
	}
	for i := range rows {
		rows[i].Note = note
	}
	return rows, nil
}
