package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The values of "kind" of the objects that are not points.
const (
	ObjectEnv     = "env"
	ObjectFailure = "failure"
	ObjectSummary = "summary"
)

// Point is one measurement, and the JSON object that a line of results holds for it. Bandwidths count payload only.
type Point struct {
	Kind         string `json:"kind"`
	Pass         string `json:"pass"`
	Nodes        int    `json:"nodes"`
	PayloadBytes int    `json:"payload_bytes"`
	Round        int    `json:"round"`
	Loops        int    `json:"loops"`

	// Seconds is the length of the window, Messages what the sink took in it.
	Seconds         float64 `json:"seconds"`
	Messages        uint64  `json:"messages"`
	E2EBytesPerS    float64 `json:"e2e_bytes_per_s"`
	TotalBytesPerS  float64 `json:"total_bytes_per_s"` // end to end x links
	CPUSeconds      float64 `json:"cpu_seconds"`
	BytesPerCPUS    float64 `json:"bytes_per_cpu_s"`    // total bandwidth for a CPU-second; 0 if no CPU time was seen
	MessagesPerCPUS float64 `json:"messages_per_cpu_s"` // hops, that is messages x links, for a CPU-second; likewise
	RSSPeakBytes    int64   `json:"rss_peak_bytes"`

	// Violations, counted over the whole life of the chain, the end of its stream included.
	LostMessages uint64 `json:"lost_messages"`
	OutOfOrder   uint64 `json:"out_of_order"`
	Corrupt      uint64 `json:"corrupt"`

	// Of the latency pass only: from intended send time to arrival over the whole chain, and that divided by the
	// number of links.
	RatePerSecond float64    `json:"rate_per_s,omitempty"`
	LatencyNS     *Quantiles `json:"latency_ns,omitempty"`
	HopLatencyNS  *Quantiles `json:"hop_latency_ns,omitempty"`
}

// Violations is how many messages were lost, came out of order or were damaged.
func (p Point) Violations() uint64 { return p.LostMessages + p.OutOfOrder + p.Corrupt }

// Quantiles sums up a latency histogram, in nanoseconds.
type Quantiles struct {
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P99   int64 `json:"p99"`
	P999  int64 `json:"p999"`
	Max   int64 `json:"max"`
	Count int64 `json:"count"` // messages recorded
}

func quantiles(h *hdrhistogram.Histogram) *Quantiles {
	return &Quantiles{
		P50:   h.ValueAtQuantile(50),
		P90:   h.ValueAtQuantile(90),
		P99:   h.ValueAtQuantile(99),
		P999:  h.ValueAtQuantile(99.9),
		Max:   h.Max(),
		Count: h.TotalCount(),
	}
}

func (q Quantiles) dividedBy(links int) *Quantiles {
	n := int64(links)
	return &Quantiles{P50: q.P50 / n, P90: q.P90 / n, P99: q.P99 / n, P999: q.P999 / n, Max: q.Max / n, Count: q.Count}
}

// Env is the first object of a result: where and how it was measured.
type Env struct {
	Kind      string    `json:"kind"` // ObjectEnv
	Time      time.Time `json:"time"`
	IOverlay  string    `json:"ioverlay_version"`
	GoVersion string    `json:"go_version"`
	GOOS      string    `json:"goos"`
	GOARCH    string    `json:"goarch"`
	CPUModel  string    `json:"cpu_model"`
	Cores     int       `json:"cores"`
	Kernel    string    `json:"kernel"`
	Args      []string  `json:"args"` // exactly as given, the program's name first
}

// Failure stands for a point that could not be measured.
type Failure struct {
	Kind  string `json:"kind"` // ObjectFailure
	Point Spec   `json:"point"`
	Error string `json:"error"`
}
