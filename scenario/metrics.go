package scenario

import "github.com/ioverlay/ioverlay/scenario/host"

// foldOwn adds what a node's algorithm keeps of itself to the run.
func (d *driver) foldOwn(i int, c *host.Counters) {
	if c.Metrics != nil {
		d.out.CountMetrics(i, c.Metrics, d.offset)
	}
	d.followed(i, c)
}

// last takes what came with the end of the run into its last sample.
func (d *driver) last() {
	d.join(true)
	d.out.Amend()
}
