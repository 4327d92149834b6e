package paper

import (
	"fmt"
	"math"

	"github.com/ioverlay/ioverlay/bench/federation"
)

const (
	overlayThere = "16 nodes of PlanetLab, mostly in North America; services were assigned by the observer. One session."
	overlayHere  = "16 nodes, ten of them with a service, in overlays that a seed decides: log-normal access capacities, paths with a part of the lesser, latencies of distances (bench/federation/overlay.go). " +
		"Each node knows five others. The protocol (algos/sflow) measures its links and chooses; the same overlays are federated with instances chosen at random, and the best choice is found by looking at all. The first overlay is drawn."
	otherNetwork = "the paper's paths and bandwidths are not known"
)

func fig8() *Figure {
	return &Figure{
		Name: "fig8", Title: "Fig. 8: the federated service", Section: "3.3", By: measureFig8,
		Claim: "sFlow federates the most bandwidth-efficient service for a requirement that is a directed acyclic graph; end-to-end delay 934.547 ms, last-hop throughput 69,374 bytes a second.",
		There: overlayThere, Here: overlayHere,
		Differs: "Delay under load is that of full queues, theirs and ours (ten messages a link here), more than of paths. What is lost against the best choice is what a greedy choice loses: the instance that can be sent most to may have poor links behind it.",
		compare: compareFig8,
	}
}

func fig9() *Figure {
	return &Figure{
		Name: "fig9", Title: "Fig. 9: control overhead and bandwidth of the federation", Section: "3.3", By: measureFig8,
		Claim: "The overhead of sAware depends on the number of known hosts of a node; that of sFederate is sufficiently small beside it; altogether it is small beside the session's data. Seven of the 16 nodes are left untouched.",
		There: overlayThere, Here: overlayHere + " Bytes count headers, of what came to a node in the 150 s of a run.",
		Differs: "Untouched are here nodes that neither carried data nor were handed sFederate: six have no service, and of the ten that have one six are chosen. The paper's number of instances is not known. " +
			"Measuring links costs more than sAware and sFederate together; the paper counts neither its measurements nor their bytes.",
		compare: compareFig9,
	}
}

// federated is the outcomes, and the first with its overlay.
func federated(d *Data) (all []*federation.Outcome, first *federation.Outcome, overlay *federation.Overlay, err error) {
	all, err = decode[*federation.Outcome](d, "federation")
	if err != nil {
		return nil, nil, nil, err
	}
	o := federation.NewOverlay(all[0].Nodes, all[0].Seed)
	return all, all[0], &o, nil
}

func compareFig8(d *Data) (c Comparison, err error) {
	all, first, overlay, err := federated(d)
	if err != nil {
		return c, err
	}
	const source = "section 3.3, Fig. 8"
	sums := federation.Summarize(all)
	t := Table{Title: "Throughput at the last hop against the best choice of instances", Head: []string{"instances chosen", "overlays", "KBps", "best KBps", "of the best, mean", "p10", "least", "at the best", "delay ms", "path ms", "federated in s"}}
	by := make(map[string]federation.Summary)
	for _, s := range sums {
		by[s.Policy] = s
		t.Rows = append(t.Rows, []string{s.Policy, fmt.Sprint(s.Overlays), number(s.Measured), number(s.Optimum), number(s.Mean), number(s.P10), number(s.Least), number(100*s.Best) + "%", number(s.DelayMs), number(s.PathMs), number(s.FederateS)})
	}
	rate, random := by["rate"], by["random"]
	if !d.Own {
		c.Rows = append(c.Rows, apart("last-hop throughput (mean)", "KBps", source, federation.PaperKBps, rate.Measured, otherNetwork),
			apart("end-to-end delay (median)", "ms", source, federation.PaperDelayMs, rate.DelayMs, otherNetwork+", nor are its queues"))
	}
	if rate.Overlays > 1 && random.Overlays > 0 {
		c.Rows = append(c.Rows, above("throughput, chosen by measurement by chosen at random (means)", "ratio", source, "the most bandwidth efficient", rate.Measured/random.Measured, 1))
	}
	c.Rows = append(c.Rows, above("throughput of the chosen instances by that of the best (mean)", "ratio", source, "the most bandwidth efficient", rate.Mean, 0.75),
		apart("overlays in which the choice is the best there is", "%", source, math.NaN(), 100*rate.Best, "the paper shows one session and no optimum"))
	steps := Table{Title: fmt.Sprintf("The first overlay, seed %d", first.Seed), Head: []string{"service", "chosen", "the best choice"}}
	for i, s := range overlay.Need.Steps {
		steps.Rows = append(steps.Rows, []string{s.Service, overlay.Names[first.Chosen[i]], overlay.Names[first.Best[i]]})
	}
	c.Tables = []Table{t, steps}
	c.Charts = []Chart{{"fig8", "The selected subgraph: services at their nodes, links with the KBps that they carried.", federation.Subgraph(overlay, first)},
		{"fig8-share-of-best", "Over all overlays: throughput by that of the best choice.", federation.ShareChart(all)}}
	return c, nil
}

func compareFig9(d *Data) (c Comparison, err error) {
	all, first, _, err := federated(d)
	if err != nil {
		return c, err
	}
	const source = "section 3.3, Fig. 9"
	aware, federate, probes, data, untouched, overlays := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	for _, o := range all {
		if o.Policy != first.Policy {
			continue
		}
		overlays++
		untouched += float64(o.Untouched())
		for _, n := range o.Nodewise {
			aware, federate, probes = aware+float64(n.AwareBytes), federate+float64(n.FederateBytes), probes+float64(n.ProbeBytes)
		}
		for _, l := range o.Links {
			data += l.KBps
		}
	}
	control := (aware + federate) / overlays / federation.Seconds / kilo
	c.Rows = []Row{
		below("sFederate by sAware, bytes at all nodes", "ratio", source, "sufficiently small", federate/aware, 0.1),
		below("sAware and sFederate by the session's data, of all links", "ratio", source, "sufficiently small", control/(data/overlays), 0.05),
		apart("measurements of links, bytes sent by all nodes by sAware's", "ratio", source, math.NaN(), probes/aware, "the paper does not count them"),
		apart("sAware by the number of hosts that a node knows", "bytes", source, math.NaN(), math.NaN(), "how many a node comes to know in a run is not recorded; each begins with five"),
	}
	if !d.Own {
		c.Rows = append(c.Rows, apart("nodes of 16 left untouched (mean)", "nodes", source, 7, untouched/overlays, "the number of instances in the paper's overlay is not known"))
	}
	t := Table{Title: fmt.Sprintf("By node, seed %d", first.Seed), Head: []string{"node", "service", "sAware bytes", "sFederate bytes", "probe bytes sent", "in KBps", "out KBps"}}
	for _, n := range first.Nodewise {
		t.Rows = append(t.Rows, []string{n.Name, n.Service, fmt.Sprint(n.AwareBytes), fmt.Sprint(n.FederateBytes), fmt.Sprint(n.ProbeBytes), number(n.InKBps), number(n.OutKBps)})
	}
	c.Tables = []Table{t}
	c.Charts = []Chart{{"fig9a", "Bytes of control messages that came to each node.", federation.Overhead(first)},
		{"fig9b", "Bandwidth of the session by link and by node, in descending order.", federation.Loads(first)}}
	return c, nil
}
