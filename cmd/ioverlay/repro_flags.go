package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/federation"
	"github.com/ioverlay/ioverlay/bench/paper"
	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/bench/trees"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/run"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// figureFlags are the flags of all figures; each has some of them.
type figureFlags struct {
	world      string
	seed       uint64
	seeds      int
	nodes      int
	joins      int
	lengths    string
	rounds     int
	warmup     time.Duration
	duration   time.Duration
	policies   []string
	measure    int
	bandwidths []string
	order      []string
	note       string
	outputs
}

// define defines those of a measurement.
func (f *figureFlags) define(cmd *cobra.Command, by *paper.Measurement) {
	fl := cmd.Flags()
	fl.StringVar(&f.world, "world", by.Worlds[0], "where to measure: "+console.Either(by.Worlds))
	fl.Uint64Var(&f.seed, "seed", 1, "decides all that is random; of several, the first")
	fl.StringVar(&f.note, "note", "", "what readers of the results must know, such as what else ran on the machine")
	f.outputs.define(fl, "results and charts")
	trees := func() {
		fl.IntVar(&f.measure, "measure", 0, "known hosts to which each node measures its last mile before it joins; 0: it is told")
	}
	switch by.Name {
	case "fig3":
		fl.StringVar(&f.lengths, "nodes", "2,3,4,8,16,32", "lengths of chains")
		fl.DurationVar(&f.duration, "duration", time.Second, "how long each point is measured")
		fl.IntVar(&f.rounds, "rounds", 3, "how often each point is measured")
	case "fig4":
		fl.DurationVar(&f.warmup, "warmup", 5*time.Second, "time before the window, of the world's clock")
		fl.DurationVar(&f.duration, "duration", 20*time.Second, "length of the window, of the world's clock")
	case "table3":
		fl.StringSliceVar(&f.bandwidths, "bandwidths", nil, "name=KBps of each node, the source first (default the paper's)")
		fl.StringSliceVar(&f.order, "order", nil, "who joins, in this order (default the paper's: D,A,C,B)")
		trees()
	case "fig6":
		fl.IntVar(&f.nodes, "nodes", papersNodes, "nodes of the population")
		fl.IntVar(&f.joins, "joins", papersJoins, "how many of them join")
		trees()
	case "fig7":
		fl.IntVar(&f.nodes, "nodes", papersNodes, "nodes of a population")
		fl.IntVar(&f.seeds, "seeds", 0, "populations, of the seeds from --seed on (default 20 in sim, 1 elsewhere)")
		fl.StringSliceVar(&f.policies, "policies", nil, "policies to run: unicast, random, ns-aware, refined (default all; unicast up to 300 nodes)")
		trees()
	case "fig8":
		fl.IntVar(&f.nodes, "nodes", papersOverlay, "nodes of an overlay")
		fl.IntVar(&f.seeds, "seeds", 0, "overlays, of the seeds from --seed on (default 20 in sim, 1 elsewhere)")
	}
}

// The paper's sizes.
const (
	papersNodes   = 81
	papersJoins   = 30
	papersOverlay = 16
)

// options checks the flags and says what they ask for, and whether that is another question than the paper's.
func (f *figureFlags) options(by *paper.Measurement) (o *paper.Options, own bool, err error) {
	if err := f.check(); err != nil {
		return nil, false, err
	}
	if why, refused := by.Refuses[f.world]; refused {
		return nil, false, console.Usage("world", f.world, console.Either(by.Worlds)+": "+why)
	}
	if !slices.Contains(by.Worlds, f.world) {
		return nil, false, console.Usage("world", f.world, console.Either(by.Worlds))
	}
	o = &paper.Options{World: f.world, Seed: f.seed, Seeds: f.seeds, Nodes: f.nodes, Joins: f.joins, Rounds: f.rounds, Policies: f.policies, Measured: f.measure}
	if own, err = f.read(by, o); err != nil {
		return nil, false, err
	}
	if o.Child, err = run.Self(); err != nil {
		return nil, false, err
	}
	if o.Node, err = subprocess.Self("repro", "node"); err != nil {
		return nil, false, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, false, err
	}
	o.Point = []string{program, "bench", "point"}
	o.Complete()
	return o, own, nil
}

// read reads what is of one measurement.
func (f *figureFlags) read(by *paper.Measurement, o *paper.Options) (own bool, err error) {
	const mostNodes, mostReal, mostOverlay, mostSeeds, mostRounds, mostMeasured = 20_000, 1000, 200, 10_000, 1000, 64
	most := mostNodes
	if f.world != "sim" {
		most = mostReal
	}
	if by.Name == "fig8" {
		most = mostOverlay // a link between each two is emulated
	}
	least := map[string]int{"fig6": 2, "fig7": 2, "fig8": federation.Least}[by.Name]
	switch {
	case f.seeds < 0 || f.seeds > mostSeeds:
		return false, console.Between("seeds", f.seeds, 1, mostSeeds)
	case f.nodes != 0 && (f.nodes < least || f.nodes > most), f.nodes < 0:
		return false, console.Between("nodes", f.nodes, least, most)
	case f.measure < 0 || f.measure > mostMeasured:
		return false, console.Between("measure", f.measure, 0, mostMeasured)
	case f.rounds < 0 || f.rounds > mostRounds:
		return false, console.Between("rounds", f.rounds, 1, mostRounds)
	}
	switch by.Name {
	case "fig3":
		if f.lengths != "" {
			o.Lengths, err = parseNodes(f.lengths)
		}
		if o.Duration = f.duration; f.duration != 0 && (f.duration < 10*time.Millisecond || f.duration > time.Hour) {
			err = console.Usage("duration", f.duration.String(), "10ms to 1h")
		}
		return false, err
	case "fig4":
		if f.duration == 0 {
			return false, nil
		}
		o.Window = repro.Window{Warmup: f.warmup, Duration: f.duration}
		switch {
		case f.warmup < 0:
			err = console.Usage("warmup", f.warmup.String(), "0 or more")
		case f.duration < time.Second || f.duration > time.Hour:
			err = console.Usage("duration", f.duration.String(), "1s to 1h")
		}
		return false, err
	case "table3":
		s, papers, err := f.session()
		if !papers {
			o.Session = &s
		}
		return !papers || f.measure > 0, err
	case "fig6":
		if f.joins != 0 && (f.joins < 1 || f.joins >= max(f.nodes, 2)) {
			return false, console.Between("joins", f.joins, 1, f.nodes-1)
		}
		return f.nodes != 0 && f.nodes != papersNodes || f.joins != 0 && f.joins != papersJoins, nil
	case "fig7":
		for _, name := range f.policies {
			if _, there := trees.PolicyNamed(name); !there {
				return false, console.Usage("policies", name, "unicast, random, ns-aware or refined")
			}
		}
		return f.nodes != 0 && f.nodes != papersNodes, nil
	}
	return f.nodes != 0 && f.nodes != papersOverlay, nil
}

// session is the paper's, or the one that was asked for.
func (f *figureFlags) session() (s trees.Session, papers bool, err error) {
	s = trees.Table3()
	if len(f.bandwidths) == 0 && len(f.order) == 0 {
		return s, true, nil
	}
	if len(f.bandwidths) > 0 {
		s.Members = nil
		for _, text := range f.bandwidths {
			name, rate, _ := strings.Cut(text, "=")
			kbps, err := strconv.ParseFloat(rate, 64)
			const most = 1e6
			if name == "" || err != nil || !(kbps >= 1 && kbps <= most) || slices.ContainsFunc(s.Members, func(m trees.Member) bool { return m.Name == name }) {
				return s, false, console.Usage("bandwidths", text, "names, each once, with 1 to 1000000 KBps: S=200,A=500")
			}
			s.Members = append(s.Members, trees.Member{Name: name, KBps: kbps})
		}
		s.Order = nil
		for _, m := range s.Members[1:] {
			s.Order = append(s.Order, m.Name)
		}
	}
	if len(f.order) > 0 {
		s.Order = f.order
	}
	for i, name := range s.Order {
		if !slices.ContainsFunc(s.Members[1:], func(m trees.Member) bool { return m.Name == name }) || slices.Contains(s.Order[:i], name) {
			return s, false, console.Usage("order", name, "nodes of --bandwidths but for the first, each once")
		}
	}
	if len(s.Order) == 0 {
		return s, false, console.Usage("bandwidths", strings.Join(f.bandwidths, ","), "a source and at least one other node")
	}
	return s, false, nil
}
