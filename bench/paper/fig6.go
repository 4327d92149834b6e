package paper

import (
	"fmt"
	"math"

	"github.com/ioverlay/ioverlay/bench/trees"
)

const (
	populationThere = "81 nodes of PlanetLab whose bandwidth was set, uniformly between 50 and 200 KBps, the source's to 100 KBps"
	populationHere  = "81 nodes of a scenario with the same distribution, decided by the seed, who join in a random order, one each 0.5 s (0.25 s in real time)"
)

func fig6() *Figure {
	return &Figure{
		Name: "fig6", Title: "Fig. 6: the wide-area topology after 30 joins", Section: "3.2", By: measureFig6,
		Claim: "The observer shows the topology that the node-stress aware algorithm makes, in real time: after 30 nodes have joined, the North American part of it.",
		There: populationThere + ".",
		Here: populationHere + "; after 30 joins nobody else does. Places are towns of universities (bench/trees/places.go), drawn by the seed: they are for the map and have no part in what trees do. " +
			"Beside the results stand the scenario (" + MapScenario + ") and a recording of it (" + MapRecording + "): `ioverlay view " + MapRecording + "` shows it on the observer's page, on its map.",
		Differs: "Which 81 sites and which bandwidths the paper's nodes had is not known, so links cannot be compared one by one. The ideal stress is of those in the tree: " +
			"the sum of degrees (two for each link) by the sum of bandwidth.",
		compare: compareFig6,
	}
}

func compareFig6(d *Data) (c Comparison, err error) {
	all, err := decode[trees.Outcome](d, "tree")
	if err != nil {
		return c, err
	}
	s := trees.Population(len(all), d.Seed)
	const source = "section 3.2, Fig. 6"
	joined, american, links, stress, degree, kbps := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	for i, o := range all {
		if o.Parent == "" && i > 0 {
			continue
		}
		if i > 0 {
			joined++
			links++
		}
		if s.Places[i].NorthAmerican() {
			american++
		}
		stress, degree, kbps = max(stress, o.Stress), degree+float64(o.Degree), kbps+o.KBps/100
	}
	if !d.Own {
		c.Rows = append(c.Rows, within("nodes that have joined", "nodes", source, 30, joined, 0))
	}
	c.Rows = append(c.Rows,
		within("links of the tree, where joined nodes have one parent each", "links", source, joined, links, 0),
		apart("nodes in North America", "nodes", source, math.NaN(), american, "the paper's sites are not known, and its picture has places and no numbers"),
		apart("greatest stress of a node in the tree", "1/100 KBps", source, math.NaN(), stress, "the paper gives none for this tree"),
		apart("ideal stress: sum of degrees by sum of bandwidth, of those in the tree", "1/100 KBps", source, math.NaN(), degree/kbps, "the paper gives none for this tree"))
	t := Table{Title: "Who has data from whom", Head: []string{"node", "town", "last mile KBps", "parent", "degree", "stress", "depth", "KBps"}}
	for i, o := range all {
		if o.Parent != "" || i == 0 {
			t.Rows = append(t.Rows, []string{o.Node, s.Places[i].Town, number(o.KBps), o.Parent, fmt.Sprint(o.Degree), number(o.Stress), fmt.Sprint(o.Depth), number(o.DataKBps)})
		}
	}
	c.Tables = []Table{t}
	c.Charts = []Chart{{"fig6", "Nodes in North America after 30 joins; a dot may stand for several, and links from elsewhere are not drawn.",
		trees.Map(all, s.Places, fmt.Sprintf("Fig. 6: ns-aware, %.0f nodes have joined, seed %d", joined, d.Seed))}}
	return c, nil
}
