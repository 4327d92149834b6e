package paper

import (
	"fmt"
	"math"

	"github.com/ioverlay/ioverlay/bench/trees"
)

func fig7() *Figure {
	return &Figure{
		Name: "fig7", Title: "Fig. 7: dissemination trees of 81 nodes, stress and throughput", Section: "3.2", By: measureFig7,
		Claim: "The node-stress aware algorithm approaches the ideal case, the vertical line at a node stress of 20, much better than the others, and its end-to-end throughput is much higher.",
		There: populationThere + "; one session of each algorithm.",
		Here: populationHere + ". All policies run on the same populations. Stress is in the unit of Table 3, degree by 100 KBps. The ideal is the sum of degrees, two for each of 80 links, by the sum of bandwidth: " +
			"160 / (100 + 80 × 125 KBps), about 1.58 for each 100 KBps in the mean, 1.60 as a mean over populations. " +
			"Throughput is set beside two computed bounds: that of the tree that was built (the least bandwidth by degree of its nodes), and the rate that no tree of these nodes exceeds.",
		Differs: "The unit of the paper's stress of 20 is not given. In that of Table 3 its ideal for these nodes is about 1.6; for each 1,000 KBps it is 15.8, and exactly two links by 100 KBps are 20 for each 1,000 KBps, so the paper may mean that. " +
			"The bound of all trees: where all get the same rate r, a node of bandwidth b has room for ⌊b/r⌋ links, each node needs one, and all together need two a link. " +
			"Ns-aware stays below it since a query stops where no neighbour has less stress, a local minimum, and the slowest node with a child sets the rate for everybody. Refined, trees are better and deeper. " +
			"In sim there is no delay on links but the emulated bandwidths; joins in sim and in live take milliseconds where PlanetLab's took its round-trips.",
		compare: compareFig7,
	}
}

func compareFig7(d *Data) (c Comparison, err error) {
	all, err := decode[trees.Outcome](d, "tree")
	if err != nil {
		return c, err
	}
	nodes := make(map[string]bool)
	for _, o := range all {
		nodes[o.Node] = true
	}
	sums := trees.Summarize(len(nodes), all)
	byName := make(map[string]trees.Summary)
	for _, s := range sums {
		byName[s.Policy] = s
	}
	const source = "section 3.2, Fig. 7"
	ideal := sums[0].Ideal
	ns, there := byName["ns-aware"]
	if there && !d.Own {
		c.Rows = append(c.Rows, apart("ideal node stress", "1/100 KBps", source, math.NaN(), ideal, "the paper's \"20\" is in a unit that it does not give"))
	}
	from := func(s trees.Summary) float64 { return math.Hypot(s.Stress.SD, s.Stress.Mean-ideal) } // root of the mean square distance
	for _, other := range []string{"unicast", "random"} {
		o, both := byName[other]
		if !there || !both || d.Own {
			continue
		}
		c.Rows = append(c.Rows,
			below("distance of stress from the ideal (rms), ns-aware by "+other, "ratio", source, "much better", from(ns)/from(o), 0.75),
			above("median throughput, ns-aware by "+other, "ratio", source, "much higher", ns.Data.P50/o.Data.P50, 1.25))
	}
	if refined, both := byName["ns-aware, refined"]; there && both && !d.Own {
		c.Rows = append(c.Rows, apart("median throughput, refined by ns-aware", "ratio", source, math.NaN(), refined.Data.P50/ns.Data.P50, "the paper has no such policy"))
	}
	t := Table{Title: fmt.Sprintf("%d nodes, %d populations; ideal stress %s for each 100 KBps; no tree gives more than %s KBps (means)", len(nodes), sums[0].Sessions, number(ideal), number(sums[0].Bound)),
		Head: []string{"policy", "stress mean ± sd", "p90", "greatest", "KBps median", "p10", "p90", "of what its tree can carry", "of what any tree can", "depth, greatest", "join ms, median", "p90", "messages a join"}}
	for _, s := range sums {
		messages := ""
		if s.JoinMsgs > 0 { // else these results are from before they were counted
			messages = number(s.JoinMsgs)
		}
		t.Rows = append(t.Rows, []string{s.Policy, number(s.Stress.Mean) + " ± " + number(s.Stress.SD), number(s.Stress.P90), number(s.Stress.Max), number(s.Data.P50), number(s.Data.P10), number(s.Data.P90),
			number(s.OfFluid), number(s.OfBound), number(s.Depth.Max), number(1000 * s.Join.P50), number(1000 * s.Join.P90), messages})
	}
	c.Tables = []Table{t}
	c.Charts = []Chart{{"fig7-stress", "Share of nodes with at most so much stress, and the ideal.", trees.StressChart(all, ideal)},
		{"fig7-throughput", "Share of receivers with at most so much throughput.", trees.ThroughputChart(all)}}
	return c, nil
}
