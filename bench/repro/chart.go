package repro

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// TopologyChart is the name of the topologies' chart.
const TopologyChart = "topologies.svg"

// Colors that readers who do not see red and green alike can tell apart.
var (
	grey   = color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xff}
	light  = color.RGBA{R: 0xcc, G: 0xcc, B: 0xcc, A: 0xff}
	blue   = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	orange = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
)

// Fig4Chart draws the paper's topology for each case, with what each node receives and what the paper says it does.
func Fig4Chart(points []Fig4Point) figure.Picture {
	at := map[string][2]float64{"A": {1, 4}, "B": {0, 3.2}, "C": {2, 3.2}, "D": {1, 2.3}, "E": {1, 1.2}, "F": {0, 0}, "G": {2, 0}}
	var side figure.Side
	for i, c := range []Case{Uncoded, Coded} {
		title := []string{"(a) without network coding", "(b) with a+b at D"}[i] + ", KBps received"
		g := &figure.Graph{Title: title, Width: 370, Height: 440}
		index := make(map[string]int)
		for _, p := range points {
			if p.Case != c {
				continue
			}
			note := fmt.Sprintf("%.0f", p.UsefulPerS/kilo)
			switch {
			case p.Node == "A":
				note = "uplink 400"
			case p.PaperPerS != nil && *p.PaperPerS > 0:
				note += fmt.Sprintf(" (paper %.0f)", *p.PaperPerS/kilo)
			default:
				note = fmt.Sprintf("%.0f, helper", p.ReceivedPerS/kilo)
			}
			if p.Node == "D" {
				note += "\nuplink 200"
			}
			index[p.Node] = len(g.Vertices)
			g.Vertices = append(g.Vertices, figure.Vertex{X: at[p.Node][0], Y: at[p.Node][1], Label: p.Node, Note: note, Mark: p.Node == "A"})
		}
		if len(g.Vertices) < len(at) {
			continue // it was interrupted
		}
		for _, from := range Fig4Nodes() {
			for _, to := range fig4Downstreams(from) {
				g.Edges = append(g.Edges, figure.Edge{From: index[from], To: index[to]})
			}
		}
		side = append(side, g)
	}
	return side
}

// WriteTopologyChart draws the bounds of coding and routing and what was measured into a directory, and
// returns the file's name.
func WriteTopologyChart(points []TopologyPoint, dir string) (string, error) {
	var places []string
	bound, routable := figure.Group{Name: "min cut", Color: grey}, figure.Group{Name: "most that trees carry", Color: light}
	routed, coded := figure.Group{Name: "routed", Color: orange}, figure.Group{Name: "coded", Color: blue}
	for _, p := range points {
		places = append(places, p.Name+"\n"+p.conditions())
		bound.Values = append(bound.Values, p.BoundPerS/kilo)
		routable.Values = append(routable.Values, p.RoutablePerS/kilo)
		routed.Values = append(routed.Values, p.Routed/kilo)
		coded.Values = append(coded.Values, p.Coded/kilo)
	}
	return writeBars(filepath.Join(dir, TopologyChart), "Multicast throughput beside its bounds", places, bound, coded, routable, routed)
}

func writeBars(path, title string, places []string, groups ...figure.Group) (string, error) {
	svg, err := figure.SVG(&figure.Bars{Title: title, Unit: "KBps", Places: places, Groups: groups})
	if err != nil {
		return "", fmt.Errorf("draw %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, svg, 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}
