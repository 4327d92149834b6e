package scenario

import (
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// nodeBook is what the recorder knows of a node.
type nodeBook struct {
	told    record.Node // as it was written
	touched bool
	since   time.Duration
	at      time.Duration // when it was read last
	lostOut uint64
	lostIn  uint64
	apps    []appBook
	metrics []record.Metric // in order of name
	in, out float64         // B/s
	queued  int
	rated   bool // it had a rate above 0
}

// appBook is of one application at a node or link, in order of its number.
type appBook struct {
	id        uint32
	more      uint64 // bytes since the last sample
	total     uint64 // bytes
	delivered uint64 // messages
	in, out   float64
	source    bool
	joined    bool
	asked     bool // to join or leave
}

// linkBook is what the recorder knows of a link.
type linkBook struct {
	told    record.Link
	touched bool
	apps    []appBook
	rate    float64
	queued  int
	lost    uint64
	rated   bool
}

func appOf(apps *[]appBook, id uint32) *appBook {
	i, found := slices.BinarySearchFunc(*apps, id, func(a appBook, id uint32) int { return int(int64(a.id) - int64(id)) })
	if !found {
		*apps = slices.Insert(*apps, i, appBook{id: id})
	}
	return &(*apps)[i]
}

// grow makes books for links that are new.
func (r *recorder) grow() {
	for len(r.links) < len(r.d.out.Links) {
		r.links = append(r.links, linkBook{touched: true})
	}
}

func (r *recorder) linkBook(ends [2]int) *linkBook {
	l := r.d.link(ends)
	r.grow()
	b := &r.links[l]
	b.touched = true
	return b
}

// fold adds what a node has counted.
func (r *recorder) fold(i int, c *host.Counters) {
	if !r.lock() {
		return
	}
	defer r.mu.Unlock()
	b := &r.nodes[i]
	if c.LostOut+c.LostIn > 0 {
		b.lostOut, b.lostIn, b.touched = b.lostOut+c.LostOut, b.lostIn+c.LostIn, true
	}
	for _, a := range c.Apps {
		if a.Distinct > 0 {
			appOf(&b.apps, a.App).delivered += a.Distinct
			b.touched = true
		}
	}
	for _, in := range c.In {
		appOf(&b.apps, in.App).total += in.Bytes
		b.touched = true
		if from, ok := r.d.byID[in.From]; ok {
			appOf(&r.linkBook([2]int{from, i}).apps, in.App).more += in.Bytes
		}
	}
	for _, out := range c.Out {
		to, ok := r.d.byID[out.To]
		if !ok {
			continue
		}
		l := r.linkBook([2]int{i, to})
		b.queued += out.Queued - l.queued
		l.queued, l.lost, b.touched = out.Queued, l.lost+out.Lost, true
	}
	for _, t := range c.Told {
		r.told(i, t)
	}
	r.untold += c.Untold
	if c.Metrics != nil {
		r.metrics(i, c.Metrics)
	}
}

// metrics adds what a node's algorithm keeps of itself: counters as totals, gauges, of a histogram how many there were
// and the median of late.
func (r *recorder) metrics(i int, c *metric.Changes) {
	b := &r.nodes[i]
	b.touched = true
	for _, k := range c.Counters {
		m := b.metric(k.Name)
		m.Value = record.Set(m.Value.Or(0) + float64(k.More))
	}
	for _, g := range c.Gauges {
		b.metric(g.Name).Value = record.Set(g.Value)
	}
	for _, h := range c.Histograms {
		m := b.metric(h.Name + ".count")
		m.Value = record.Set(m.Value.Or(0) + float64(h.More.Count()))
		b.metric(h.Name + ".p50").Value = record.Set(h.More.Quantile(0.5))
	}
	for _, e := range c.Events {
		r.noted(i, e)
	}
}

func (b *nodeBook) metric(name string) *record.Metric {
	i, found := slices.BinarySearchFunc(b.metrics, name, func(m record.Metric, name string) int {
		switch {
		case m.Name < name:
			return -1
		case m.Name > name:
			return 1
		}
		return 0
	})
	if !found {
		b.metrics = slices.Insert(b.metrics, i, record.Metric{Name: name})
	}
	return &b.metrics[i]
}

// rates makes rates of what was counted since the last sample. A link's are its receiver's, and so is the time.
func (r *recorder) rates() {
	r.grow()
	for i := range r.nodes {
		b := &r.nodes[i]
		b.touched = b.touched || b.rated
		b.in, b.out, b.rated = 0, 0, false
		for k := range b.apps {
			b.apps[k].in, b.apps[k].out = 0, 0
		}
	}
	for i := range r.links {
		l, ends := &r.links[i], r.d.out.Links[i]
		l.touched = l.touched || l.rated
		l.rate, l.rated = 0, false
		from, to := &r.nodes[ends[0]], &r.nodes[ends[1]]
		span := (r.d.when[ends[1]] - to.at).Seconds()
		for k := range l.apps {
			a := &l.apps[k]
			a.in = 0
			if a.more == 0 || span <= 0 {
				continue
			}
			a.in = math.Round(float64(a.more) / span)
			a.more = 0
			l.rate += a.in
			l.rated, from.rated, to.rated, from.touched, to.touched = true, true, true, true, true
			appOf(&from.apps, a.id).out += a.in
			appOf(&to.apps, a.id).in += a.in
			from.out += a.in
			to.in += a.in
		}
	}
	for i := range r.nodes {
		r.nodes[i].at = r.d.when[i]
	}
}

// node is a node as it is now.
func (r *recorder) node(i int) record.Node {
	p, st, b := &r.d.plan.Nodes[i], &r.d.nodes[i], &r.nodes[i]
	n := record.Node{I: uint32(i), ID: record.Set(r.d.w.ID(i).String()), Name: record.Set(p.Name), Algorithm: record.Set(p.Algorithm),
		Up: record.Set(st.running), Since: record.Set(record.At(b.since).Seconds()), In: record.Set(b.in), Out: record.Set(b.out),
		Queued: record.Queued{Msgs: record.Number(b.queued)}, Metrics: slices.Clone(b.metrics)}
	if p.Group != "" {
		n.Group = record.Set(p.Group)
	}
	if at := p.Place; at != nil {
		n.Place = record.Place{Lat: record.Set(at.Lat), Lon: record.Set(at.Lon), Label: record.Set(at.Label)}
	}
	if w := st.bandwidth; w != (spec.NodeBandwidth{}) {
		n.Caps = record.Caps{Total: record.Number(w.Total), Up: record.Number(w.Up), Down: record.Number(w.Down)}
	}
	if b.lostOut > 0 { // bytes are not counted
		n.Lost.Out = record.Set(record.Pair{float64(b.lostOut), 0})
	}
	if b.lostIn > 0 {
		n.Lost.In = record.Set(record.Pair{float64(b.lostIn), 0})
	}
	for k := range b.apps {
		n.Apps = append(n.Apps, b.apps[k].ofNode(r.d.plan))
	}
	return n
}

func (a *appBook) ofNode(p *spec.Plan) record.App {
	out := record.App{ID: a.id, In: record.Set(a.in), Out: record.Set(a.out), Delivered: record.Number(a.delivered), Bytes: record.Number(a.total)}
	if a.source {
		out.Source = record.Set(true)
	}
	if a.asked {
		out.Joined = record.Set(a.joined)
	}
	if a.id >= 1 && int(a.id) <= len(p.Apps) {
		out.From = record.Number(p.Apps[a.id-1].Node)
	}
	return out
}

// link is a link as it is now: up if both its ends are and nothing has cut it.
func (r *recorder) link(i int) record.Link {
	ends, b, l := r.d.out.Links[i], &r.links[i], &r.d.links[i]
	up := r.d.nodes[ends[0]].running && r.d.nodes[ends[1]].running && !l.cut
	out := record.Link{F: uint32(ends[0]), T: uint32(ends[1]), Up: record.Set(up), Rate: record.Set(b.rate), Queued: record.Queued{Msgs: record.Number(b.queued)}}
	if l.Rate > 0 {
		out.Cap = record.Number(l.Rate)
	}
	if l.Latency > 0 {
		out.Latency = record.Set(l.Latency.Seconds())
	}
	if l.Spread > 0 {
		out.Jitter = record.Set(l.Spread.Seconds())
	}
	if l.Loss > 0 {
		out.Loss = record.Set(l.Loss)
	}
	if b.lost > 0 {
		out.Lost = record.Set(record.Pair{float64(b.lost), 0})
	}
	for k := range b.apps {
		out.Apps = append(out.Apps, record.App{ID: b.apps[k].id, Rate: record.Set(b.apps[k].in)})
	}
	return out
}
