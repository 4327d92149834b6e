package result

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Comparison is two runs beside each other.
type Comparison struct {
	Scenario     string              `json:"scenario"`
	A            RunName             `json:"a"`
	B            RunName             `json:"b"`
	Series       []SeriesDifference  `json:"series"`
	Expectations []VerdictDifference `json:"expectations"`
}

// RunName says which run a side is.
type RunName struct {
	Dir      string   `json:"dir"`
	World    string   `json:"world"`
	Seed     uint64   `json:"seed"`
	Version  string   `json:"version"`
	Host     string   `json:"host"`
	Warnings []string `json:"warnings"`
}

func nameOf(dir string, r *Report) RunName {
	return RunName{dir, r.World, r.Seed, r.Origin.Version, r.Origin.Host.Name, r.Warnings}
}

// SeriesDifference is one node or link in both runs. A side that does not have it is
// nil.
type SeriesDifference struct {
	Kind string   `json:"kind"` // "node" or "link"
	Name string   `json:"name"`
	A    *Figures `json:"a"`
	B    *Figures `json:"b"`
	// Difference is b against a, of the throughput in the second half of the run, in
	// percent; null if a has none.
	Difference *float64 `json:"difference_percent"`
}

// VerdictDifference is one expectation in both runs. A side that does not have it is
// nil.
type VerdictDifference struct {
	Expectation string        `json:"expectation"`
	A           *spec.Verdict `json:"a"`
	B           *spec.Verdict `json:"b"`
}

// Compare reads what Write wrote into two directories.
func Compare(dirA, dirB string) (*Comparison, error) {
	a, err := readReport(dirA)
	if err != nil {
		return nil, err
	}
	b, err := readReport(dirB)
	if err != nil {
		return nil, err
	}
	if a.Scenario != b.Scenario {
		return nil, fmt.Errorf("%s is a run of %q and %s one of %q: only runs of one scenario can be compared", dirA, a.Scenario, dirB, b.Scenario)
	}
	c := &Comparison{
		Scenario: a.Scenario,
		A:        nameOf(dirA, a),
		B:        nameOf(dirB, b),
	}
	c.pair("node", a.Nodes, b.Nodes)
	c.pair("link", a.Links, b.Links)
	verdicts := make(map[string]*spec.Verdict)
	for i := range b.Expectations {
		verdicts[b.Expectations[i].Expectation] = &b.Expectations[i]
	}
	for i := range a.Expectations {
		v := &a.Expectations[i]
		c.Expectations = append(c.Expectations, VerdictDifference{v.Expectation, v, verdicts[v.Expectation]})
		delete(verdicts, v.Expectation)
	}
	for i := range b.Expectations {
		if v := verdicts[b.Expectations[i].Expectation]; v != nil {
			c.Expectations = append(c.Expectations, VerdictDifference{v.Expectation, nil, v})
		}
	}
	return c, nil
}

// pair puts the series of both sides beside each other, in the order of a and then
// of what only b has.
func (c *Comparison) pair(kind string, a, b []Figures) {
	other := make(map[string]*Figures)
	for i := range b {
		other[b[i].Name] = &b[i]
	}
	for i := range a {
		d := SeriesDifference{Kind: kind, Name: a[i].Name, A: &a[i], B: other[a[i].Name]}
		if d.B != nil && d.A.LateBps > 0 {
			percent := 100 * (d.B.LateBps - d.A.LateBps) / d.A.LateBps
			d.Difference = &percent
		}
		c.Series = append(c.Series, d)
		delete(other, a[i].Name)
	}
	for i := range b {
		if only := other[b[i].Name]; only != nil {
			c.Series = append(c.Series, SeriesDifference{Kind: kind, Name: only.Name, B: only})
		}
	}
}

// readReport finds the summary, which is the last line.
func readReport(dir string) (*Report, error) {
	path := filepath.Join(dir, JSONName)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read a run: %w (\"ioverlay run --out\" writes one)", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	const longest = 64 << 20         // a summary of 100,000 nodes and a million links
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 0, 1<<16), longest)
	var last []byte
	for lines.Scan() {
		last = append(last[:0], lines.Bytes()...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var r Report
	if err := json.Unmarshal(last, &r); err != nil || r.Kind != "summary" {
		return nil, fmt.Errorf("%s does not end in a summary: the run was not finished", path)
	}
	return &r, nil
}

// Table is the comparison for people.
func (c *Comparison) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: a = %s (%s, seed %d), b = %s (%s, seed %d)\n", c.Scenario,
		c.A.Dir, c.A.World, c.A.Seed, c.B.Dir, c.B.World, c.B.Seed)
	for _, side := range []struct {
		name string
		run  *RunName
	}{{"a", &c.A}, {"b", &c.B}} {
		for _, w := range side.run.Warnings {
			fmt.Fprintf(&b, "WARNING: %s: %s.\n", side.name, w)
		}
	}
	if c.A.Version != c.B.Version || c.A.Host != c.B.Host {
		fmt.Fprintf(&b, "a is of version %s on %s, b of version %s on %s.\n", c.A.Version, c.A.Host, c.B.Version, c.B.Host)
	}
	t := newTable("Throughput in the second half of the run, and messages received", 5, "", "", "a KBps", "b KBps", "b to a", "a messages", "b messages")
	for _, d := range c.Series {
		row := table.Row{d.Kind, d.Name}
		for _, f := range []*Figures{d.A, d.B} {
			row = append(row, ifThere(f, func(f *Figures) string { return kilo(f.LateBps) }))
		}
		percent := ""
		if d.Difference != nil {
			percent = fmt.Sprintf("%+.2f%%", *d.Difference)
		}
		row = append(row, percent)
		for _, f := range []*Figures{d.A, d.B} {
			row = append(row, ifThere(f, func(f *Figures) string { return fmt.Sprint(f.Received) }))
		}
		t.AppendRow(row)
	}
	b.WriteString(t.Render() + "\n")
	if worst, name := c.worst(); name != "" {
		fmt.Fprintf(&b, "Largest difference: %+.2f%% at %s.\n", worst, name)
	}
	if len(c.Expectations) == 0 {
		return b.String()
	}
	t = newTable("Expectations", 0, "a", "b", "expectation")
	for _, v := range c.Expectations {
		t.AppendRow(table.Row{held(v.A), held(v.B), v.Expectation})
	}
	b.WriteString(t.Render() + "\n")
	return b.String()
}

func (c *Comparison) worst() (percent float64, name string) {
	for _, d := range c.Series {
		if d.Difference != nil && (name == "" || math.Abs(*d.Difference) > math.Abs(percent)) {
			percent, name = *d.Difference, d.Kind+" "+d.Name
		}
	}
	return percent, name
}

func ifThere(f *Figures, show func(*Figures) string) string {
	if f == nil {
		return "-"
	}
	return show(f)
}

func held(v *spec.Verdict) string {
	switch {
	case v == nil:
		return "-"
	case v.Held:
		return "ok"
	}
	return "FAILED"
}
