package trees

import (
	"path/filepath"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// The charts' names.
const (
	StressChart     = "fig7-stress.svg"
	ThroughputChart = "fig7-throughput.svg"
)

// WriteFig7Charts draws both parts of figure 7 into a directory: how many nodes have at most so much stress, and at most so much
// throughput. It returns the files.
func WriteFig7Charts(all []Outcome, dir string) (files []string, err error) {
	stress := func(o Outcome) (float64, bool) { return o.Stress, true }
	data := func(o Outcome) (float64, bool) { return o.DataKBps, o.Depth > 0 }
	for _, c := range []struct {
		file, title, axis string
		figure            func(Outcome) (float64, bool)
	}{
		{StressChart, "Node stress", "degree by 100 KBps", stress},
		{ThroughputChart, "End-to-end throughput", "KBps", data},
	} {
		chart := figure.CDF{Title: c.title, Axis: c.axis, Share: "share of nodes"}
		for _, policy := range Policies {
			xs := of(all, policy.Name, c.figure)
			chart.Curves = append(chart.Curves, figure.Curve{Name: policy.Name, Values: xs})
			if policy.Name != "unicast" && len(xs) > 0 { // whose source is alone far to the right
				chart.Right = max(chart.Right, 1.05*xs[len(xs)-1])
			}
		}
		path := filepath.Join(dir, c.file)
		if err := chart.Write(path); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}
