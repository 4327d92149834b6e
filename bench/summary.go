package bench

import "slices"

// The lengths that the paper compares to get the overhead of one switch.
const (
	lengthDirect   = 2
	lengthSwitched = 3
)

// Comparison is one question answered twice: for each CPU-second, and in wall-clock time. Either is nil if it was
// not measured.
type Comparison struct {
	CPU  *Spread `json:"cpu"`
	Wall *Spread `json:"wall"`
}

// KindSummary says how one kind holds up as chains grow.
type KindSummary struct {
	// SwitchOverhead is 1 - total(3 nodes) / total(2 nodes): what one switch costs.
	SwitchOverhead Comparison `json:"switch_overhead"`
	// Scaling is total(longest) / total(2 nodes).
	Scaling Comparison `json:"scaling"`
}

// LengthSummary sums up one kind at one length over the rounds. Latencies are of the latency pass, in nanoseconds a
// hop; the rest is of the throughput pass.
type LengthSummary struct {
	Kind            string  `json:"kind"`
	Nodes           int     `json:"nodes"`
	TotalBytesPerS  *Spread `json:"total_bytes_per_s"`
	E2EBytesPerS    *Spread `json:"e2e_bytes_per_s"`
	BytesPerCPUS    *Spread `json:"bytes_per_cpu_s"`
	MessagesPerCPUS *Spread `json:"messages_per_cpu_s"`
	RSSPeakBytes    *Spread `json:"rss_peak_bytes"`
	HopP50NS        *Spread `json:"hop_p50_ns"`
	HopP99NS        *Spread `json:"hop_p99_ns"`
	HopP999NS       *Spread `json:"hop_p999_ns"`
}

// Ratio compares the total bandwidth of a kind with that of a baseline at one length.
type Ratio struct {
	Kind     string `json:"kind"`
	Baseline string `json:"baseline"`
	Nodes    int    `json:"nodes"`
	Comparison
}

// Summary is the last object of a result. Whatever was not measured is null.
type Summary struct {
	Kind        string                 `json:"kind"` // ObjectSummary
	Interrupted bool                   `json:"interrupted"`
	Points      int                    `json:"points"`
	Failures    int                    `json:"failures"`
	Violations  uint64                 `json:"violations"` // messages lost, out of order or damaged
	Longest     int                    `json:"longest_nodes"`
	Kinds       map[string]KindSummary `json:"kinds"`
	Lengths     []LengthSummary        `json:"lengths"`
	Ratios      []Ratio                `json:"ratios"`
	Paper       PaperFigures           `json:"paper"`
}

// Summarize works out the summary of what a report holds so far.
func Summarize(r Report) Summary {
	t := tabulate(r.Points)
	nodes := slices.Sorted(slices.Values(r.Plan.Nodes))
	longest := nodes[len(nodes)-1]
	s := Summary{
		Kind:        ObjectSummary,
		Interrupted: r.Interrupted,
		Points:      len(r.Points),
		Failures:    len(r.Failures),
		Violations:  r.Violations(),
		Longest:     longest,
		Kinds:       make(map[string]KindSummary),
		Paper:       Paper,
	}
	for _, k := range r.Plan.Kinds {
		s.Kinds[k.Name] = t.kind(k.Name, longest)
	}
	for _, n := range nodes {
		for _, k := range r.Plan.Kinds {
			s.Lengths = append(s.Lengths, t.length(k.Name, n))
			s.Ratios = append(s.Ratios, t.ratios(k.Name, n, r.Plan.Kinds)...)
		}
	}
	return s
}

func (t measurements) kind(name string, longest int) KindSummary {
	overhead := func(ratio float64) float64 { return 1 - ratio }
	return KindSummary{
		SwitchOverhead: t.compare(throughput(name, lengthSwitched), throughput(name, lengthDirect), overhead),
		Scaling:        t.compare(throughput(name, longest), throughput(name, lengthDirect), asItIs),
	}
}

// ratios compares one kind with every baseline but itself.
func (t measurements) ratios(name string, nodes int, kinds []Kind) []Ratio {
	var ratios []Ratio
	for _, b := range kinds {
		if b.Role != RoleBaseline || b.Name == name {
			continue
		}
		ratios = append(ratios, Ratio{
			Kind:       name,
			Baseline:   b.Name,
			Nodes:      nodes,
			Comparison: t.compare(throughput(name, nodes), throughput(b.Name, nodes), asItIs),
		})
	}
	return ratios
}

func (t measurements) compare(a, b place, f func(float64) float64) Comparison {
	return Comparison{CPU: t.ratio(a, b, totalPerCPU, f), Wall: t.ratio(a, b, totalPerWall, f)}
}

func (t measurements) length(name string, nodes int) LengthSummary {
	at := throughput(name, nodes)
	paced := place{kind: name, nodes: nodes, pass: PassLatency}
	return LengthSummary{
		Kind:            name,
		Nodes:           nodes,
		TotalBytesPerS:  t.over(at, totalPerWall),
		E2EBytesPerS:    t.over(at, e2ePerWall),
		BytesPerCPUS:    t.over(at, totalPerCPU),
		MessagesPerCPUS: t.over(at, messagesPerCPU),
		RSSPeakBytes:    t.over(at, peakMemory),
		HopP50NS:        t.over(paced, hopP50),
		HopP99NS:        t.over(paced, hopP99),
		HopP999NS:       t.over(paced, hopP999),
	}
}

func throughput(kind string, nodes int) place {
	return place{kind: kind, nodes: nodes, pass: PassThroughput}
}

func asItIs(ratio float64) float64 { return ratio }
