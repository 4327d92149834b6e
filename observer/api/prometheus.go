package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ioverlay/ioverlay/record"
)

// Figure is one more figure for /metrics, without labels.
type Figure struct {
	Name    string // as Prometheus wants it, with its unit: "ioverlay_observer_polls_total"
	Help    string
	Value   float64
	Counter bool // it only grows
}

// maxNodeSeries is up to how many nodes each has series of its own. Prometheus keeps every name that it has seen; with more
// nodes there are sums alone.
const maxNodeSeries = 500

var (
	perNode = []string{"node", "name", "group"}

	descNodes  = prometheus.NewDesc("ioverlay_nodes", "Nodes that are known, by whether they are up.", []string{"state"}, nil)
	descLinks  = prometheus.NewDesc("ioverlay_links", "Links that are known, by whether they are up.", []string{"state"}, nil)
	descRate   = prometheus.NewDesc("ioverlay_throughput_bytes_per_second", "What all nodes receive and send of late.", []string{"direction"}, nil)
	descLost   = prometheus.NewDesc("ioverlay_lost_messages", "Messages lost at nodes that are up, since each came up.", []string{"direction"}, nil)
	descQueued = prometheus.NewDesc("ioverlay_queued_messages", "Messages that wait at links.", nil, nil)

	descNodeUp    = prometheus.NewDesc("ioverlay_node_up", "Whether a node is up.", perNode, nil)
	descNodeRate  = prometheus.NewDesc("ioverlay_node_throughput_bytes_per_second", "What a node receives and sends of late.", append(perNode[:3:3], "direction"), nil)
	descNodeQueue = prometheus.NewDesc("ioverlay_node_queued_messages", "Messages that wait at a node's links.", perNode, nil)
	descNodeCPU   = prometheus.NewDesc("ioverlay_node_process_cpu_cores", "Processor cores that a node's process uses.", perNode, nil)
	descNodeRSS   = prometheus.NewDesc("ioverlay_node_process_resident_memory_bytes", "Memory of a node's process.", perNode, nil)
)

// collector reads the figures from a source when it is asked.
type collector struct{ s *Server }

func (s *Server) prometheus() http.Handler {
	reg := prometheus.NewRegistry() // of its own: a program may have others
	reg.MustRegister(collector{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 30 * time.Second})
}

// Describe implements prometheus.Collector: what there is depends on the overlay.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	u, err := c.s.src.Snapshot(ctx, Latest)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descNodes, err)
		return
	}
	var up, in, out, lostIn, lostOut, queued, linksUp float64
	for i := range u.Nodes {
		n := &u.Nodes[i]
		queued += n.Queued.Msgs.Or(0)
		if !n.Up.Or(false) {
			continue
		}
		up++
		in += n.In.Or(0)
		out += n.Out.Or(0)
		lostIn += n.Lost.In.Or(record.Pair{})[0]
		lostOut += n.Lost.Out.Or(record.Pair{})[0]
	}
	for i := range u.Links {
		if u.Links[i].Up.Or(false) {
			linksUp++
		}
	}
	gauge(descNodes, up, "up")
	gauge(descNodes, float64(len(u.Nodes))-up, "down")
	gauge(descLinks, linksUp, "up")
	gauge(descLinks, float64(len(u.Links))-linksUp, "down")
	gauge(descRate, in, "in")
	gauge(descRate, out, "out")
	gauge(descLost, lostIn, "in")
	gauge(descLost, lostOut, "out")
	gauge(descQueued, queued)
	if len(u.Nodes) <= maxNodeSeries {
		for i := range u.Nodes {
			nodeSeries(gauge, &u.Nodes[i])
		}
	}
	if c.s.o.Collect != nil {
		for _, f := range c.s.o.Collect() {
			kind := prometheus.GaugeValue
			if f.Counter {
				kind = prometheus.CounterValue
			}
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(f.Name, f.Help, nil, nil), kind, f.Value)
		}
	}
}

// nodeSeries are those of one node. Its index is in no label: an address is a node's own for longer.
func nodeSeries(gauge func(*prometheus.Desc, float64, ...string), n *record.Node) {
	labels := []string{n.ID.Or(strconv.FormatUint(uint64(n.I), 10)), n.Name.Or(""), n.Group.Or("")}
	up := 0.0
	if n.Up.Or(false) {
		up = 1
	}
	gauge(descNodeUp, up, labels...)
	gauge(descNodeRate, n.In.Or(0), append(labels[:3:3], "in")...)
	gauge(descNodeRate, n.Out.Or(0), append(labels[:3:3], "out")...)
	gauge(descNodeQueue, n.Queued.Msgs.Or(0), labels...)
	if v, ok := n.Process.CPU.Get(); ok {
		gauge(descNodeCPU, v, labels...)
	}
	if v, ok := n.Process.RSS.Get(); ok {
		gauge(descNodeRSS, v, labels...)
	}
}
