package scenario

import "github.com/ioverlay/ioverlay/scenario/host"

// foldOwn adds what a node's algorithm keeps of itself to the run.
func (d *driver) foldOwn(i int, c *host.Counters) {
	d.foldMetrics(i, c)
	d.followed(i, c)
}

// foldMetrics adds the figures alone: at the end of a run they are still counted, and what arrives then is not, as
// nothing else of it is.
func (d *driver) foldMetrics(i int, c *host.Counters) {
	if c.Metrics != nil {
		d.out.CountMetrics(i, c.Metrics, d.offset)
	}
}

// last takes what came with the end of the run into its last sample.
func (d *driver) last() {
	d.join(true)
	d.out.Amend()
}
