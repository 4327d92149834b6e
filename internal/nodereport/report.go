// Package nodereport is what a node's process says of itself: "ioverlay node" prints it, and the benchmarks that start
// such processes read it. The memory and processor time that a process has used, and the latencies that its sink has
// measured, belong to that.
package nodereport

// Report is what a node process says of itself.
type Report struct {
	Node       string  `json:"node"`                  // address and port
	Sent       uint64  `json:"sent"`                  // messages that its source produced
	Messages   uint64  `json:"messages"`              // that its sink took
	Bytes      uint64  `json:"bytes"`                 // of payload, of those
	Forwarded  uint64  `json:"forwarded"`             // messages of others that it sent on, a copy for each downstream
	Lost       uint64  `json:"lost"`                  // all that is known to be lost here: LostOut, and Missing or LostIn
	Missing    uint64  `json:"missing"`               // sequence numbers missing at its sink
	LostOut    uint64  `json:"lost_out"`              // accepted for a downstream and not delivered: refused, queued, emulated
	LostIn     uint64  `json:"lost_in"`               // received, or made by the source here, and not switched
	Refused    uint64  `json:"refused"`               // messages not acted on because of where they came from
	PipeFullS  float64 `json:"pipe_full_s"`           // for how long the bound on what is in flight held messages up, all its links together
	PipesFull  int     `json:"pipes_full"`            // links that it held up
	PipeWorst  string  `json:"pipe_worst,omitempty"`  // the one that it held up longest
	LogDropped uint64  `json:"log_dropped"`           // log lines that nobody read in time
	OutOfOrder uint64  `json:"out_of_order"`          // at its sink
	Corrupt    uint64  `json:"corrupt"`               // at its sink, among those whose content it checks
	CPUSeconds float64 `json:"cpu_seconds"`           // user and system, of the process
	RSSPeak    int64   `json:"rss_peak_bytes"`        // of the process
	LatencyHDR string  `json:"latency_hdr,omitempty"` // HdrHistogram V2, compressed, base64; ns

	Metrics *Figures `json:"metrics,omitempty"` // that its algorithm keeps of itself; nil: none
}
