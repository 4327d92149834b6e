package federation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

// Summary is a policy over many overlays.
type Summary struct {
	Kind      string  `json:"kind"` // "policy"
	Policy    string  `json:"policy"`
	Overlays  int     `json:"overlays"`
	Measured  float64 `json:"measured_kbps"` // mean, at the last hop
	Optimum   float64 `json:"optimum_kbps"`  // mean
	Mean      float64 `json:"share_of_optimum_mean"`
	P10       float64 `json:"share_of_optimum_p10"`
	P50       float64 `json:"share_of_optimum_p50"`
	Least     float64 `json:"share_of_optimum_least"`
	Best      float64 `json:"share_of_overlays_at_optimum"` // measured within 2% of it
	DelayMs   float64 `json:"delay_ms"`                     // median over overlays of the median
	PathMs    float64 `json:"path_ms"`
	FederateS float64 `json:"federate_s"`
	Untouched float64 `json:"untouched"` // mean number of nodes that neither carry data nor were handed sFederate
}

// share is an outcome by the optimum.
func (o *Outcome) share() float64 { return o.Measured / o.Optimum }

// Untouched are nodes that had nothing to do with a federation but to relay news.
func (o *Outcome) Untouched() (n int) {
	for _, v := range o.Nodewise {
		if v.InKBps+v.OutKBps == 0 && v.FederateBytes == 0 {
			n++
		}
	}
	return n
}

// Summarize is every policy over the overlays that there are outcomes of.
func Summarize(all []*Outcome) (sums []Summary) {
	for _, policy := range Policies {
		s := Summary{Kind: "policy", Policy: policy}
		var shares, delays, paths, took []float64
		for _, o := range all {
			if o.Policy != policy {
				continue
			}
			s.Overlays++
			s.Measured += o.Measured
			s.Optimum += o.Optimum
			s.Untouched += float64(o.Untouched())
			if o.share() >= 0.98 {
				s.Best++
			}
			shares, delays, paths, took = append(shares, o.share()), append(delays, o.DelayMs), append(paths, o.PathMs), append(took, o.FederateS)
		}
		if s.Overlays == 0 {
			continue
		}
		n := float64(s.Overlays)
		s.Measured, s.Optimum, s.Untouched, s.Best = s.Measured/n, s.Optimum/n, s.Untouched/n, s.Best/n
		for _, v := range shares {
			s.Mean += v / n
		}
		s.P10, s.P50, s.Least = at(shares, 0.1), at(shares, 0.5), at(shares, 0)
		s.DelayMs, s.PathMs, s.FederateS = at(delays, 0.5), at(paths, 0.5), at(took, 0.5)
		sums = append(sums, s)
	}
	return sums
}

// at is a quantile.
func at(xs []float64, q float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[min(int(q*float64(len(xs))), len(xs)-1)]
}

// PaperDelayMs and PaperKBps are the paper's session: end-to-end delay, and throughput at the last hop.
const (
	PaperDelayMs = 934.547
	PaperKBps    = 69.374
)

// SummaryTable shows policies over overlays to people, and the paper's one session.
func SummaryTable(sums []Summary) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Federations: throughput at the last hop against the best choice of instances, found by looking at all")
	w.AppendHeader(table.Row{"policy", "overlays", "KBps", "best KBps", "of the best", "p10", "least", "at the best", "delay ms", "path ms", "federated in s", "untouched"})
	right(w, 12)
	for _, s := range sums {
		w.AppendRow(table.Row{s.Policy, s.Overlays, f(s.Measured, 1), f(s.Optimum, 1), f(s.Mean, 3), f(s.P10, 2), f(s.Least, 2), f(100*s.Best, 0) + "%",
			f(s.DelayMs, 0), f(s.PathMs, 0), f(s.FederateS, 1), f(s.Untouched, 1)})
	}
	w.AppendRow(table.Row{"paper, 2004", 1, f(PaperKBps, 1), "", "", "", "", "", f(PaperDelayMs, 0), "", "", "7.0"})
	return w.Render()
}

func f(x float64, digits int) string {
	if math.IsNaN(x) {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, x)
}

func right(w table.Writer, columns int) {
	var configs []table.ColumnConfig
	for c := 2; c <= columns; c++ {
		configs = append(configs, table.ColumnConfig{Number: c, Align: text.AlignRight})
	}
	w.SetColumnConfigs(configs)
}

// Fig8Table shows one federation: the instances that were chosen, and the best.
func Fig8Table(o *Overlay, out *Outcome) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Fig. 8: %s, seed %d: %.1f KBps at the last hop, delay %.0f ms (the paper's own network: %.1f KBps, %.0f ms)",
		o.Need, o.Seed, out.Measured, out.DelayMs, PaperKBps, PaperDelayMs)
	w.AppendHeader(table.Row{"step", "chosen", "of", "the best choice", "to", "allowed KBps", "carried KBps"})
	w.SetColumnConfigs([]table.ColumnConfig{{Number: 6, Align: text.AlignRight}, {Number: 7, Align: text.AlignRight}})
	for i, s := range o.Need.Steps {
		row := table.Row{s.Service, o.Names[out.Chosen[i]], len(o.having(s.Service)), o.Names[out.Best[i]]}
		if len(s.Next) == 0 {
			w.AppendRow(append(row, "", "", ""))
		}
		for k, v := range s.Next {
			if k > 0 {
				row = table.Row{"", "", "", ""}
			}
			from, to := out.Chosen[i], out.Chosen[v]
			carried := ""
			for _, l := range out.Links {
				if l.From == o.Names[from] && l.To == o.Names[to] {
					carried = f(l.KBps, 1)
				}
			}
			w.AppendRow(append(row, o.Names[to], f(o.KBps[from][to], 0), carried))
		}
	}
	return w.Render()
}

// Fig9Table shows what one federation cost each node, and what each carried, in descending order.
func Fig9Table(o *Overlay, out *Outcome) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Fig. 9: control messages that came to a node, and the session's data, seed %d; %d of %d nodes untouched (7 of 16 in the paper)",
		o.Seed, out.Untouched(), len(o.Names))
	w.AppendHeader(table.Row{"node", "service", "sAware bytes", "sFederate bytes", "probe bytes sent", "in KBps", "out KBps", "total KBps"})
	w.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight},
		{Number: 6, Align: text.AlignRight}, {Number: 7, Align: text.AlignRight}, {Number: 8, Align: text.AlignRight}})
	nodes := slices.Clone(out.Nodewise)
	slices.SortStableFunc(nodes, func(a, b Node) int { return cmp.Compare(b.InKBps+b.OutKBps, a.InKBps+a.OutKBps) })
	for _, n := range nodes {
		w.AppendRow(table.Row{n.Name, n.Service, n.AwareBytes, n.FederateBytes, n.ProbeBytes, f(n.InKBps, 1), f(n.OutKBps, 1), f(n.InKBps+n.OutKBps, 1)})
	}
	return w.Render()
}
