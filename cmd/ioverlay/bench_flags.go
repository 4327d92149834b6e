package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

// chainFlags are the flags of "ioverlay bench chain".
type chainFlags struct {
	nodes         string
	links         string
	against       string
	payload       int
	duration      time.Duration
	rounds        int
	latencyRounds int
	rate          float64
	loops         int
	outputs       outputs
	cpuProfile    string
	build         string
}

func (f *chainFlags) define(cmd *cobra.Command) {
	links := bench.KindNames(bench.Kinds(), bench.RoleLink)
	baselines := bench.KindNames(bench.Kinds(), bench.RoleBaseline)
	fl := cmd.Flags()
	fl.StringVar(&f.nodes, "nodes", "2,3,4,8,16,32", "lengths of chains")
	fl.StringVar(&f.links, "links", strings.Join(links, ","), "kinds of links to measure; empty for none")
	fl.StringVar(&f.against, "against", strings.Join(baselines, ","), "baselines to compare with; empty for none")
	fl.IntVar(&f.payload, "payload", 5120, "payload of a message in bytes")
	fl.DurationVar(&f.duration, "duration", 2*time.Second, "how long each point is measured, after a short warm-up")
	fl.IntVar(&f.rounds, "rounds", 5, "how often each point is measured")
	fl.IntVar(&f.latencyRounds, "latency-rounds", 1, "how often each latency is measured; 0 for not at all")
	fl.Float64Var(&f.rate, "rate", 2000, "messages a second of the latency pass")
	fl.IntVar(&f.loops, "loops", runtime.GOMAXPROCS(0), "event loops of a process, by default as many as the engine has by default; for goroutine, threads that run Go code")
	fl.StringVar(&f.cpuProfile, "cpuprofile", "", "write a CPU profile of all link kinds' points to this file (of the baselines' if there are no links)")
	fl.StringVar(&f.build, "build", "", "another build of this program: its links are measured in the same run, as tcp@build and so on")
	f.outputs = outputs{always: "chain"}
	f.outputs.define(fl, "results and charts")
}

// plan checks the flags, completes them and returns what they ask for.
func (f *chainFlags) plan() (bench.Plan, error) {
	if err := f.outputs.check(); err != nil {
		return bench.Plan{}, err
	}
	nodes, err := parseNodes(f.nodes)
	if err != nil {
		return bench.Plan{}, err
	}
	kinds, err := f.kinds()
	if err != nil {
		return bench.Plan{}, err
	}
	if err := f.checkNumbers(); err != nil {
		return bench.Plan{}, err
	}
	plan := bench.Plan{
		Kinds:         kinds,
		Nodes:         nodes,
		PayloadBytes:  f.payload,
		Loops:         f.loops,
		Warmup:        benchWarmup,
		Duration:      f.duration,
		Rounds:        f.rounds,
		LatencyRounds: f.latencyRounds,
		RatePerSecond: f.rate,
	}
	if err := plan.Validate(); err != nil {
		return bench.Plan{}, err
	}
	return plan, nil
}

func parseNodes(list string) ([]int, error) {
	var nodes []int
	for _, word := range console.SplitList(list) {
		n, err := strconv.Atoi(word)
		if err != nil || n < bench.MinNodes || n > bench.MaxNodes {
			return nil, console.Usage("nodes", list, fmt.Sprintf("numbers from %d to %d, not %q", bench.MinNodes, bench.MaxNodes, word))
		}
		if slices.Contains(nodes, n) {
			return nil, console.Usage("nodes", list, fmt.Sprintf("each number once, not %d twice", n))
		}
		nodes = append(nodes, n)
	}
	if len(nodes) == 0 {
		return nil, console.Usage("nodes", list, "one length or more, such as 2,3,32")
	}
	slices.Sort(nodes)
	return nodes, nil
}

// kinds returns what --links and --against name, links first.
func (f *chainFlags) kinds() ([]bench.Kind, error) {
	links, err := parseKinds("links", f.links, bench.RoleLink)
	if err != nil {
		return nil, err
	}
	baselines, err := parseKinds("against", f.against, bench.RoleBaseline)
	if err != nil {
		return nil, err
	}
	if len(links)+len(baselines) == 0 {
		return nil, console.Usage("links", f.links, "at least one kind, here or in --against")
	}
	kinds := slices.Concat(links, baselines)
	if f.build != "" {
		if _, err := exec.LookPath(f.build); err != nil {
			return nil, console.Usage("build", f.build, "the path of an ioverlay program")
		}
		kinds = bench.WithOtherBuild(kinds)
	}
	return kinds, nil
}

func parseKinds(flag, list string, role bench.Role) ([]bench.Kind, error) {
	allowed := bench.KindNames(bench.Kinds(), role)
	var kinds []bench.Kind
	for _, name := range console.SplitList(list) {
		kind, err := bench.FindKind(bench.Kinds(), name)
		if err != nil || kind.Role != role {
			return nil, console.Usage(flag, list, fmt.Sprintf("%s; not %q", orNone(allowed), name))
		}
		if slices.ContainsFunc(kinds, func(k bench.Kind) bool { return k.Name == name }) {
			return nil, console.Usage(flag, list, fmt.Sprintf("each kind once, not %s twice", name))
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func (f *chainFlags) checkNumbers() error {
	switch {
	case f.payload < bench.MinPayloadBytes || f.payload > bench.MaxPayloadBytes:
		return console.Between("payload", f.payload, bench.MinPayloadBytes, bench.MaxPayloadBytes)
	case f.duration < bench.MinDuration || f.duration > bench.MaxDuration:
		return console.Between("duration", f.duration, bench.MinDuration, bench.MaxDuration)
	case f.rounds < 1 || f.rounds > bench.MaxRounds:
		return console.Between("rounds", f.rounds, 1, bench.MaxRounds)
	case f.latencyRounds < 0 || f.latencyRounds > bench.MaxRounds:
		return console.Between("latency-rounds", f.latencyRounds, 0, bench.MaxRounds)
	case !(f.rate > 0 && f.rate <= bench.MaxRate):
		return console.Usage("rate", fmt.Sprint(f.rate), fmt.Sprintf("above 0 and up to %v messages a second", bench.MaxRate))
	case f.loops < 1 || f.loops > bench.MaxLoops:
		return console.Between("loops", f.loops, 1, bench.MaxLoops)
	}
	return nil
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none, this build has none"
	}
	return strings.Join(words, ", ")
}
