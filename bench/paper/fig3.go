package paper

import (
	"fmt"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/figure"
)

const mega, kilo = 1e6, 1e3

func fig3() *Figure {
	return &Figure{
		Name: "fig3", Title: "Fig. 3: the raw performance of the engine", Section: "2.4", By: measureFig3,
		Claim: "A chain of nodes on one server switches 48.4 MBps in all with two nodes and 46.8 MBps with three, so that one user-level switch of a message costs 3.3%. " +
			"With more nodes the overhead of context switches grows; with 32 nodes 424 KBps still go from end to end.",
		There: "2 to 32 nodes in a chain, a process each with a thread for each connection, on a server with two Pentium III at 1 GHz, 1.5 GB and Linux 2.4.25; " +
			"C++ by gcc 3.3.3. The first node sends back to back. Total bandwidth is what arrives at the end, times the number of links. " +
			"The chart's other values are not in the paper's text, and are not read off the chart here.",
		Here: "The same chain, messages with a payload of 5,120 bytes, every message checked at the end. In live all nodes are in one process on the engine's default number of event loops, " +
			"linked by TCP over loopback (tcp) or by queues (mem); in proc each node is a process, linked by TCP (proc) or shared memory (shm). " +
			"Medians of interleaved rounds, each in a process of its own.",
		Differs: "Hardware is twenty years younger, so bandwidths themselves cannot be compared; what can be is what one more switch costs, and what is left of the total with 32 nodes. " +
			"The engine has an event loop for each core and no thread for each connection, so that there are no context switches to grow with the nodes of a process; between processes there are. " +
			"A switch can cost less than nothing: a chain of three has more nodes to batch for than one of two, and more loops at work.",
		compare: compareFig3,
	}
}

// fig3Slack is how many points of a percent the cost of a switch may be off: rounds on a shared machine differ by as much.
const fig3Slack = 10

func compareFig3(d *Data) (c Comparison, err error) {
	kinds := fig3Kinds[d.World]
	points, err := decode[bench.Point](d, kinds...)
	if err != nil {
		return c, err
	}
	report := bench.Report{Points: points}
	for _, p := range points {
		if !slices.Contains(report.Plan.Nodes, p.Nodes) {
			report.Plan.Nodes = append(report.Plan.Nodes, p.Nodes)
		}
		if !slices.ContainsFunc(report.Plan.Kinds, func(k bench.Kind) bool { return k.Name == p.Kind }) {
			k, err := bench.FindKind(bench.Kinds(), p.Kind)
			if err != nil {
				return c, err
			}
			report.Plan.Kinds = append(report.Plan.Kinds, k)
		}
	}
	slices.Sort(report.Plan.Nodes)
	sums := bench.Summarize(report)
	median := func(s *bench.Spread) float64 {
		if s == nil {
			return math.NaN()
		}
		return s.Median
	}
	const source = "section 2.4, Fig. 3"
	const hardware = "the hardware is another"
	paper := bench.Paper
	for _, k := range report.Plan.Kinds {
		for _, l := range sums.Lengths {
			total := map[int]float64{2: paper.Total2Nodes, 3: paper.Total3Nodes}[l.Nodes]
			switch {
			case l.Kind != k.Name || l.TotalBytesPerS == nil:
			case total > 0:
				c.Rows = append(c.Rows, apart(fmt.Sprintf("%s: total bandwidth, %d nodes", k.Name, l.Nodes), "MBps", source, total/mega, median(l.TotalBytesPerS)/mega, hardware))
			case l.Nodes == 32:
				c.Rows = append(c.Rows, apart(k.Name+": end to end, 32 nodes", "KBps", source, paper.E2E32Nodes/kilo, median(l.E2EBytesPerS)/kilo, hardware))
			}
		}
		one := sums.Kinds[k.Name]
		if one.SwitchOverhead.Wall != nil {
			c.Rows = append(c.Rows, atMost(k.Name+": cost of one switch, 1 - total(3)/total(2)", "%", source, 100*paper.SwitchOverhead, 100*median(one.SwitchOverhead.Wall), fig3Slack))
		}
		if sums.Longest == 32 && one.Scaling.Wall != nil {
			c.Rows = append(c.Rows, atLeast(k.Name+": total(32) / total(2)", "ratio", source, paper.Scaling, median(one.Scaling.Wall)))
		}
	}
	c.Rows = append(c.Rows, below("messages lost, out of order or damaged", "messages", source, "none is spoken of", float64(report.Violations()), 1))
	c.Tables = []Table{fig3Table(sums)}
	c.Charts = []Chart{{"fig3-total", "Total bandwidth of the chain (end to end times links).", fig3Chart(sums, "total bandwidth", true)},
		{"fig3-end-to-end", "What arrives at the chain's end.", fig3Chart(sums, "end-to-end throughput", false)}}
	return c, nil
}

func fig3Table(sums bench.Summary) Table {
	t := Table{Title: "Medians, and the smallest and largest of the rounds", Head: []string{"nodes", "links", "total MBps", "end to end MBps", "total GB a CPU-second"}}
	spread := func(s *bench.Spread, unit float64) string {
		if s == nil {
			return ""
		}
		return fmt.Sprintf("%s [%s to %s]", number(s.Median/unit), number(s.Min/unit), number(s.Max/unit))
	}
	for _, l := range sums.Lengths {
		if l.TotalBytesPerS != nil {
			t.Rows = append(t.Rows, []string{fmt.Sprint(l.Nodes), l.Kind, spread(l.TotalBytesPerS, mega), spread(l.E2EBytesPerS, mega), spread(l.BytesPerCPUS, 1e9)})
		}
	}
	return t
}

func fig3Chart(sums bench.Summary, what string, total bool) figure.Picture {
	chart := figure.Chart{Title: "Chains: " + what, Unit: "MBps", XLabel: "nodes", Subtitle: "medians, smallest and largest of rounds", Decimals: 1,
		Caption: []string{"The paper's points are those that its text gives (2004, two Pentium III at 1 GHz)."}}
	links := func(nodes int) float64 {
		if total {
			return 1
		}
		return float64(nodes - 1)
	}
	lines := make(map[string]*figure.Line)
	var order []string
	for _, l := range sums.Lengths {
		s := l.TotalBytesPerS
		if s == nil {
			continue
		}
		if lines[l.Kind] == nil {
			lines[l.Kind] = &figure.Line{Name: l.Kind}
			order = append(order, l.Kind)
		}
		by := mega * links(l.Nodes)
		lines[l.Kind].Points = append(lines[l.Kind].Points, figure.Point{X: float64(l.Nodes), Median: s.Median / by, Min: s.Min / by, Max: s.Max / by})
		if n := len(chart.X); n == 0 || chart.X[n-1].At != float64(l.Nodes) {
			chart.X = append(chart.X, figure.Tick{At: float64(l.Nodes), Label: fmt.Sprint(l.Nodes)})
		}
	}
	for _, name := range order {
		chart.Lines = append(chart.Lines, *lines[name])
	}
	paper := figure.Line{Name: "paper", Stroke: figure.Dashed}
	for _, p := range []struct {
		nodes int
		total float64
	}{{2, bench.Paper.Total2Nodes}, {3, bench.Paper.Total3Nodes}, {32, bench.Paper.Total32Nodes}} {
		if v := p.total / mega / links(p.nodes); float64(p.nodes) <= chart.X[len(chart.X)-1].At && float64(p.nodes) >= chart.X[0].At {
			paper.Points = append(paper.Points, figure.Point{X: float64(p.nodes), Median: v, Min: v, Max: v})
		}
	}
	if len(paper.Points) > 0 {
		chart.Lines = append(chart.Lines, paper)
	}
	return chart
}
