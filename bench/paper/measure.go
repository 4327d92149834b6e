package paper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/federation"
	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/bench/trees"
	"github.com/ioverlay/ioverlay/scenario"
)

// Measurement is what figures are made of; some are made of the same.
type Measurement struct {
	Name    string
	Worlds  []string          // where it can be run: the first is the one to take where none is asked for
	Refuses map[string]string // why it cannot be in the others

	steps func(o *Options) int
	run   func(ctx context.Context, o *Options, record func(any) error) error
}

// Folder is that of its results in a world.
func (m *Measurement) Folder(world string) string { return m.Name + "-" + world }

// Steps is how many steps it tells of.
func (m *Measurement) Steps(o *Options) int { return m.steps(o) }

// Run measures, and calls record with each object as it is measured. When ctx is done it ends with an error.
func (m *Measurement) Run(ctx context.Context, o *Options, record func(any) error) error {
	if why, refused := m.Refuses[o.World]; refused {
		return fmt.Errorf("%s in world %s: %s", m.Name, o.World, why)
	}
	return m.run(ctx, o, record)
}

// Options are how measurements are run. The zero value of all but World asks for the paper's question.
type Options struct {
	World    string
	Seed     uint64
	Seeds    int      // populations or overlays, from Seed on
	Nodes    int      // of each
	Joins    int      // of fig6
	Policies []string // of fig7
	Lengths  []int    // of fig3
	Duration time.Duration
	Rounds   int
	Window   repro.Window   // of fig4
	Session  *trees.Session // of table3: another than the paper's
	Measured int            // known hosts to which each node of a tree measures its last mile; 0: it is told

	Child []string // the command line that makes a process of a node of a scenario
	Node  []string // likewise of fig4
	Point []string // likewise of a point of fig3
	Dir   string   // where a recording goes; empty: nowhere

	Say func(what string) // is told what is under way
	Did func()            // is told that a step is done
}

// Complete puts in what is not asked for.
func (o *Options) Complete() {
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	o.Seeds = max(o.Seeds, 0)
	set(&o.Seeds, map[bool]int{true: 20, false: 1}[o.World == "sim"]) // in real time one takes minutes
	set(&o.Joins, 30)
	set(&o.Rounds, 3)
	if len(o.Lengths) == 0 {
		o.Lengths = []int{2, 3, 4, 8, 16, 32}
	}
	if o.Duration == 0 {
		o.Duration = time.Second
	}
	if o.Window == (repro.Window{}) {
		o.Window = repro.Window{Warmup: 5 * time.Second, Duration: 20 * time.Second}
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.Did == nil {
		o.Did = func() {}
	}
}

func (o *Options) nodes(def int) int {
	if o.Nodes > 0 {
		return o.Nodes
	}
	return def
}

func (o *Options) policies(nodes int) (all []trees.Policy) {
	for _, p := range trees.Policies {
		asked := len(o.Policies) == 0
		for _, name := range o.Policies {
			same, _ := trees.PolicyNamed(name)
			asked = asked || same == p
		}
		if asked && (p.Name != "unicast" || nodes <= trees.MaxAtSource) {
			all = append(all, p)
		}
	}
	return all
}

func (o *Options) scenario() scenario.Options {
	return scenario.Options{World: o.World, Child: o.Child}
}

// Measurements are all there are.
func Measurements() []*Measurement {
	return []*Measurement{measureFig3, measureFig4, measureTable3, measureFig6, measureFig7, measureFig8}
}

var measureFig3 = &Measurement{
	Name: "fig3", Worlds: []string{"live", "proc"},
	Refuses: map[string]string{"sim": "in virtual time a switch takes no time, so there is no raw performance to measure"},
	steps:   func(o *Options) int { return len(fig3Plan(o).Specs()) },
	run: func(ctx context.Context, o *Options, record func(any) error) error {
		plan := fig3Plan(o)
		if err := plan.Validate(); err != nil {
			return err
		}
		points := bench.Process{Path: o.Point[0], Args: o.Point[1:]}
		report, err := bench.Run(ctx, bench.Env{Kind: bench.ObjectEnv}, plan, points, chainSteps{o}, func(v any) error {
			switch v.(type) {
			case bench.Env, bench.Summary:
				return nil // who asks for the measurement has recorded the first, and comparisons are made of the points
			}
			return record(v)
		})
		switch {
		case err != nil:
			return err
		case report.Interrupted:
			return context.Canceled
		case len(report.Failures) > 0:
			return fmt.Errorf("%d of %d points could not be measured; the first: %s", len(report.Failures), len(plan.Specs()), report.Failures[0].Error)
		}
		return nil
	},
}

// fig3Kinds are the links of a world.
var fig3Kinds = map[string][]string{"live": {"tcp", "mem"}, "proc": {"proc", "shm"}}

func fig3Plan(o *Options) bench.Plan {
	p := bench.Plan{Nodes: o.Lengths, PayloadBytes: 5120, Loops: runtime.GOMAXPROCS(0), Warmup: 150 * time.Millisecond, Duration: o.Duration, Rounds: o.Rounds}
	for _, name := range fig3Kinds[o.World] {
		if kind, err := bench.FindKind(bench.Kinds(), name); err == nil && (name != "shm" || runtime.GOOS == "linux") {
			p.Kinds = append(p.Kinds, kind)
		}
	}
	return p
}

// chainSteps is options as bench.Progress.
type chainSteps struct{ o *Options }

func (s chainSteps) Begin(p bench.Spec) {
	s.o.Say(fmt.Sprintf("Fig. 3: round %d, %s, %d nodes", p.Round, p.Kind, p.Nodes))
}
func (s chainSteps) Done(bench.Spec) { s.o.Did() }

var measureFig4 = &Measurement{
	Name: "fig4", Worlds: Worlds,
	steps: func(*Options) int { return 2 },
	run: func(ctx context.Context, o *Options, record func(any) error) error {
		o.Say("Fig. 4, " + o.World)
		done := 0
		spec := repro.Fig4Spec{World: repro.World(o.World), Seed: o.Seed, Window: o.Window, Program: o.Node}
		_, err := repro.Fig4(ctx, spec, func(p repro.Fig4Point) error {
			if done++; done%len(repro.Fig4Nodes()) == 0 {
				o.Did()
			}
			return record(p)
		})
		return err
	},
}

var measureTable3 = &Measurement{
	Name: "table3", Worlds: Worlds,
	steps: func(*Options) int { return len(trees.Policies) },
	run: func(ctx context.Context, o *Options, record func(any) error) error {
		s := trees.Table3()
		if o.Session != nil {
			s = *o.Session
		}
		s.Seed, s.Measure = o.Seed, o.Measured
		for _, p := range trees.Policies {
			o.Say("Table 3: " + p.Name)
			if err := session(ctx, o, &s, p, o.scenario(), record); err != nil {
				return err
			}
			o.Did()
		}
		return nil
	},
}

// session runs a session and records its outcomes.
func session(ctx context.Context, o *Options, s *trees.Session, p trees.Policy, how scenario.Options, record func(any) error) error {
	all, err := s.Run(ctx, p, how)
	if err != nil {
		return err
	}
	for _, out := range all {
		if err := record(out); err != nil {
			return err
		}
	}
	return nil
}

func population(o *Options) trees.Session {
	s := trees.Population(o.nodes(81), o.Seed)
	if s.Measure = o.Measured; o.World != "sim" {
		s.Hurry()
	}
	return s
}

// Names of what fig6 leaves beside its results.
const (
	MapScenario  = "fig6.yaml"
	MapRecording = "fig6.rec"
)

var measureFig6 = &Measurement{
	Name: "fig6", Worlds: Worlds,
	steps: func(*Options) int { return 1 },
	run: func(ctx context.Context, o *Options, record func(any) error) (err error) {
		s, how := population(o), o.scenario()
		s.AfterJoins(o.Joins)
		policy, _ := trees.PolicyNamed("ns-aware")
		o.Say("Fig. 6, " + o.World)
		if o.Dir != "" {
			text := s.Scenario(policy)
			if err := os.WriteFile(filepath.Join(o.Dir, MapScenario), []byte(text), 0o644); err != nil {
				return fmt.Errorf("write the scenario: %w", err)
			}
			file, createErr := os.Create(filepath.Join(o.Dir, MapRecording))
			if createErr != nil {
				return fmt.Errorf("create the recording: %w", createErr)
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			how.Record = &scenario.Recording{Out: file, Scenario: text}
		}
		err = session(ctx, o, &s, policy, how, record)
		o.Did()
		return err
	},
}

var measureFig7 = &Measurement{
	Name: "fig7", Worlds: Worlds,
	steps: func(o *Options) int { return o.Seeds * len(o.policies(o.nodes(81))) },
	run: func(ctx context.Context, o *Options, record func(any) error) error {
		for i := range o.Seeds {
			one := *o
			one.Seed += uint64(i)
			s := population(&one)
			var whole []any // a population that not all policies had would make them incomparable
			for _, p := range o.policies(len(s.Members)) {
				o.Say(fmt.Sprintf("Fig. 7: seed %d, %s", one.Seed, p.Name))
				if err := session(ctx, &one, &s, p, o.scenario(), func(v any) error { whole = append(whole, v); return nil }); err != nil {
					return err
				}
				o.Did()
			}
			for _, v := range whole {
				if err := record(v); err != nil {
					return err
				}
			}
		}
		return nil
	},
}

var measureFig8 = &Measurement{
	Name: "fig8", Worlds: Worlds,
	steps: func(o *Options) int { return o.Seeds * len(federation.Policies) },
	run: func(ctx context.Context, o *Options, record func(any) error) error {
		for i := range o.Seeds {
			overlay := federation.NewOverlay(o.nodes(16), o.Seed+uint64(i))
			var whole []any
			for _, p := range federation.Policies {
				o.Say(fmt.Sprintf("Figs. 8 and 9: seed %d, by %s", overlay.Seed, p))
				out, err := overlay.Run(ctx, p, o.scenario())
				if err != nil {
					return err
				}
				whole = append(whole, out)
				o.Did()
			}
			for _, v := range whole {
				if err := record(v); err != nil {
					return err
				}
			}
		}
		return nil
	},
}
