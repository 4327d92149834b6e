package trees

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

func nodeName(i int) string { return "n" + strconv.Itoa(i) }

// Table3Table shows table 3 to people.
func Table3Table(all []Outcome) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Table 3 and Fig. 5: degree, stress (degree by 100 KBps) and throughput (KBps)")
	w.AppendHeader(table.Row{"policy", "node", "last mile", "parent", "degree", "paper", "stress", "paper", "throughput", "paper"})
	right(w, 3, 5, 6, 7, 8, 9, 10)
	last := ""
	for _, o := range all {
		if last != "" && last != o.Policy {
			w.AppendSeparator()
		}
		last = o.Policy
		p, there := Paper[o.Policy][o.Node]
		if !there {
			p = PaperFigures{math.NaN(), math.NaN(), math.NaN()}
		}
		throughput := ""
		if o.Parent != "" {
			throughput = fmt.Sprintf("%.1f", o.DataKBps)
		}
		w.AppendRow(table.Row{o.Policy, o.Node, fmt.Sprintf("%.0f", o.KBps), o.Parent, o.Degree, known(p.Degree, 0),
			fmt.Sprintf("%.2f", o.Stress), known(p.Stress, 2), throughput, known(p.DataKBps, 0)})
	}
	return w.Render()
}

func known(x float64, digits int) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'f', digits, 64)
}

func right(w table.Writer, columns ...int) {
	var configs []table.ColumnConfig
	for _, c := range columns {
		configs = append(configs, table.ColumnConfig{Number: c, Align: text.AlignRight})
	}
	w.SetColumnConfigs(configs)
}

// Summary is a policy over many populations.
type Summary struct {
	Kind     string  `json:"kind"` // "policy"
	Policy   string  `json:"policy"`
	Nodes    int     `json:"nodes"`
	Sessions int     `json:"sessions"`
	Ideal    float64 `json:"ideal_stress"`   // mean over sessions
	Bound    float64 `json:"bound_kbps"`     // mean over sessions
	OfBound  float64 `json:"share_of_bound"` // throughput by the bound of its session, mean
	Stress   Shape   `json:"stress"`         // over nodes of all sessions
	Data     Shape   `json:"data_kbps"`      // over receivers
	Depth    Shape   `json:"depth"`
	Join     Shape   `json:"join_s"`
	Missed   uint64  `json:"missed"`
	OfFluid  float64 `json:"share_of_fluid"`     // throughput by what the tree that was built carries in the long run: the least of bandwidth by degree; mean
	JoinMsgs float64 `json:"messages_of_a_join"` // mean, in all nodes
}

// Shape is what a distribution looks like.
type Shape struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
	P10  float64 `json:"p10"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	Max  float64 `json:"max"`
}

func shapeOf(xs []float64) (s Shape) {
	if len(xs) == 0 {
		return s
	}
	xs = slices.Clone(xs)
	slices.Sort(xs)
	at := func(q float64) float64 { return xs[min(int(q*float64(len(xs))), len(xs)-1)] }
	for _, x := range xs {
		s.Mean += x / float64(len(xs))
	}
	for _, x := range xs {
		s.SD += (x - s.Mean) * (x - s.Mean) / float64(len(xs))
	}
	s.SD = math.Sqrt(s.SD)
	s.P10, s.P50, s.P90, s.Max = at(0.1), at(0.5), at(0.9), xs[len(xs)-1]
	return s
}

// Summarize is every policy over all sessions that there are outcomes of, in the order of Policies.
func Summarize(nodes int, all []Outcome) (sums []Summary) {
	for _, p := range Policies {
		s := Summary{Kind: "policy", Policy: p.Name, Nodes: nodes}
		var stress, data, depth, join []float64
		seeds, bounds := make(map[uint64]*Session), make(map[uint64]float64)
		shares, fluids, joinMsgs := 0.0, 0.0, uint64(0)
		fluid := make(map[uint64]float64) // by seed
		for _, o := range all {
			if o.Policy == p.Name && o.Degree > 0 {
				if least, there := fluid[o.Seed]; !there || o.KBps/float64(o.Degree) < least {
					fluid[o.Seed] = o.KBps / float64(o.Degree)
				}
			}
		}
		for _, o := range all {
			if o.Policy != p.Name {
				continue
			}
			stress, depth = append(stress, o.Stress), append(depth, float64(o.Depth))
			s.Missed += o.Missed
			joinMsgs += o.JoinMsgs
			if seeds[o.Seed] == nil {
				session := Population(nodes, o.Seed)
				seeds[o.Seed] = &session
				bounds[o.Seed] = session.Bound()
				s.Ideal += session.Ideal()
				s.Bound += bounds[o.Seed]
			}
			if o.Depth > 0 {
				data, join = append(data, o.DataKBps), append(join, o.JoinS)
				shares += o.DataKBps / bounds[o.Seed]
				fluids += o.DataKBps / fluid[o.Seed]
			}
		}
		if s.Sessions = len(seeds); s.Sessions == 0 {
			continue
		}
		s.Ideal /= float64(s.Sessions)
		s.Bound /= float64(s.Sessions)
		receivers := float64(max(len(data), 1))
		s.OfBound, s.OfFluid, s.JoinMsgs = shares/receivers, fluids/receivers, float64(joinMsgs)/receivers
		s.Stress, s.Data, s.Depth, s.Join = shapeOf(stress), shapeOf(data), shapeOf(depth), shapeOf(join)
		sums = append(sums, s)
	}
	return sums
}

// SummaryTable shows policies over populations to people.
func SummaryTable(sums []Summary) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	if len(sums) > 0 {
		w.SetTitle("Fig. 7: %d nodes, %d sessions; ideal stress %.2f a 100 KBps, no tree gives more than %.1f KBps (means)",
			sums[0].Nodes, sums[0].Sessions, sums[0].Ideal, sums[0].Bound)
	}
	w.AppendHeader(table.Row{"policy", "stress mean", "sd", "p50", "p90", "max", "KBps mean", "p10", "p50", "p90", "of the bound", "of its tree", "depth", "join p50 ms", "p90 ms", "messages a join"})
	right(w, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
	f := func(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }
	for _, s := range sums {
		w.AppendRow(table.Row{s.Policy, f(s.Stress.Mean, 2), f(s.Stress.SD, 2), f(s.Stress.P50, 2), f(s.Stress.P90, 2), f(s.Stress.Max, 2),
			f(s.Data.Mean, 1), f(s.Data.P10, 1), f(s.Data.P50, 1), f(s.Data.P90, 1), f(s.OfBound, 2), f(s.OfFluid, 2), f(s.Depth.Max, 0), f(1000*s.Join.P50, 1), f(1000*s.Join.P90, 1), f(s.JoinMsgs, 1)})
	}
	return w.Render()
}

// of is a figure of all nodes of a policy, in order.
func of(all []Outcome, policy string, figure func(Outcome) (float64, bool)) (xs []float64) {
	for _, o := range all {
		if x, there := figure(o); there && o.Policy == policy {
			xs = append(xs, x)
		}
	}
	slices.SortFunc(xs, cmp.Compare)
	return xs
}
