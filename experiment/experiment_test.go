package experiment

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A chain whose last node gets what the loss leaves.
const lossy = `name: lossy
duration: 2s
nodes: [n1..n${n}]
links: [{chain: n1..n${n}, loss: ${loss}}]
algorithm: ${algorithm}
applications: [{name: s, at: n1, source: constant-rate, rate: 50 messages/s, payload: 100B, until: 1s}]
`

const lossyExperiment = `name: lossy chain
scenario: lossy.yaml
factors:
  algorithm: [relay]
  n: [2, 3]
  loss: [0%, 10%]
seeds: 1..4
measures:
  delivered: distinct(n${n}) / sent(n1)
  rate: goodput(n${n}) between 250ms and 750ms
  each: distinct(n2..n${n})
`

// write makes a folder with files, and returns the path of the first.
func write(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, files[0])
}

func load(t *testing.T, path string) *Experiment {
	t.Helper()
	e, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func must(t *testing.T, e *Experiment, o Options) *Results {
	t.Helper()
	o.NoCharts = t.Name() != "TestGridMeasuresAndFiles"
	res, err := e.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestGridMeasuresAndFiles(t *testing.T) {
	e := load(t, write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy))
	dir := t.TempDir()
	res := must(t, e, Options{Dir: dir})
	if len(res.Rows) != 16 || res.Total != 16 || res.Count(Ok) != 16 {
		t.Fatalf("%d rows of %d, %d well", len(res.Rows), res.Total, res.Count(Ok))
	}
	for _, r := range res.Rows {
		d, rate := r.Values["delivered"], r.Values["rate"]
		if r.Levels["loss"] == "0%" && (d.Value != 1 || rate.Value != 5000 || rate.Unit != "B/s") || r.Levels["loss"] == "10%" && d.Value >= 1 {
			t.Errorf("%v, seed %d: %+v %+v", r.Levels, r.Seed, d, rate)
		}
		if n := len(r.Values["each"].Each); r.Levels["n"] == "3" && n != 2 || r.Levels["n"] == "2" && n != 0 {
			t.Errorf("%v: %d values of nodes", r.Levels, n)
		}
	}
	for _, c := range res.Analysis.Cells {
		if c.N != 4 || c.Failed+c.Missing != 0 {
			t.Errorf("%+v", c)
		}
	}
	i := slices.IndexFunc(res.Analysis.Effects, func(f Effect) bool { return f.Measure == "delivered" && f.Factor == "loss" && f.Given == nil })
	if f := res.Analysis.Effects[i]; f.Verdict != "lower" || f.N != 4 || f.Difference >= 0 {
		t.Errorf("%+v", f)
	}
	text, err := os.ReadFile(filepath.Join(dir, TableName))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	want := []string{"key", "build", "world", "algorithm", "n", "loss", "seed", "status", "delivered", "rate", "each", "wall_s", "error"}
	if err != nil || len(rows) != 17 || !slices.Equal(rows[0], want) || rows[2][5] != "0.1" {
		t.Errorf("%v, %d rows, %v", err, len(rows), rows[:3])
	}
	if names, all := readTable(t, filepath.Join(dir, DatabaseName), "runs"); !slices.Equal(names, want) || fmt.Sprint(all) != fmt.Sprint(rows[1:]) {
		t.Errorf("the database has %v, %v", names, all)
	}
	page, err := os.ReadFile(filepath.Join(dir, ReportName))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"data:image/svg&#43;xml;base64,", "lossy.yaml", "Holm", "default-src &#39;none&#39;", "delivered"} {
		if !strings.Contains(string(page), part) && !strings.Contains(string(page), strings.ReplaceAll(part, "&#39;", "'")) {
			t.Errorf("the report has no %q", part)
		}
	}
	for _, outside := range []string{"http://", "https://", "<script"} {
		if strings.Contains(string(page), outside) {
			t.Errorf("the report has %q", outside)
		}
	}
	for _, name := range res.Written {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The numbers do not depend on how many runs there are at a time, nor on where an
// experiment was interrupted.
func TestInterruptedAndContinued(t *testing.T) {
	path := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy)
	whole := must(t, load(t, path), Options{Dir: t.TempDir(), Workers: 1})

	dir, done := t.TempDir(), 0
	for stop := 3; ; stop += 5 {
		ctx, cancel := context.WithCancel(t.Context())
		first := -1
		res, err := load(t, path).Run(ctx, Options{Dir: dir, Workers: 3, NoCharts: true, Progress: func(n, _ int) {
			if first < 0 {
				first = n
			}
			if n >= stop {
				cancel()
			}
		}})
		cancel()
		if first != done || res == nil || res.Earlier != done {
			t.Fatalf("began with %d runs done, and %d were", first, done)
		}
		if done = len(res.Rows); err == nil {
			if !reflect.DeepEqual(bare(whole.Rows), bare(res.Rows)) {
				t.Error("other rows than in one go")
			}
			break
		}
		if !errors.Is(err, ErrInterrupted) || done == whole.Total {
			t.Fatalf("%d rows: %v", done, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, RowsName))
	if err != nil || strings.Count(string(text), "\n") != whole.Total {
		t.Errorf("%d lines, %v: a run was run twice", strings.Count(string(text), "\n"), err)
	}
}

// bare are rows without how long they took.
func bare(rows []Row) []Row {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].WallS = 0
	}
	return rows
}

// More seeds and levels run what is new. Another scenario is another experiment.
func TestGoingOn(t *testing.T) {
	path, dir := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy), t.TempDir()
	must(t, load(t, path), Options{Dir: dir})
	change := func(file, from, to string) *Results {
		t.Helper()
		name := filepath.Join(filepath.Dir(path), file)
		text, err := os.ReadFile(name)
		if err == nil && !strings.Contains(string(text), from) {
			t.Fatalf("%s has no %q", file, from)
		}
		if err := errors.Join(err, os.WriteFile(name, []byte(strings.Replace(string(text), from, to, 1)), 0o644)); err != nil {
			t.Fatal(err)
		}
		return must(t, load(t, path), Options{Dir: dir})
	}
	if res := change("x.yaml", "1..4", "2..5"); res.Earlier != 12 || len(res.Rows) != 16 || res.Foreign != 4 {
		t.Errorf("seeds: %d of an earlier call, %d foreign", res.Earlier, res.Foreign)
	}
	if res := change("x.yaml", "[2, 3]", "[2, 3, 4]"); res.Earlier != 16 || len(res.Rows) != 24 {
		t.Errorf("levels: %d of an earlier call", res.Earlier)
	}
	if res := change("lossy.yaml", "payload: 100B", "payload: 200B"); res.Earlier != 0 || res.Foreign != 28 {
		t.Errorf("another scenario: %d of an earlier call, %d foreign", res.Earlier, res.Foreign)
	}
}

// A last line that is not whole is run again; any other that is none is a mistake.
func TestTornRow(t *testing.T) {
	path, dir := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy), t.TempDir()
	want := must(t, load(t, path), Options{Dir: dir})
	name := filepath.Join(dir, RowsName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text[:len(text)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	res := must(t, load(t, path), Options{Dir: dir})
	if !res.Torn || res.Earlier != 15 || !reflect.DeepEqual(bare(res.Rows), bare(want.Rows)) {
		t.Errorf("torn %v, %d of an earlier call", res.Torn, res.Earlier)
	}
	if err := os.WriteFile(name, append([]byte("{}\n"), text...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, path).Run(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), RowsName+":1:") {
		t.Errorf("%v", err)
	}
}

func TestOneProgramAtATime(t *testing.T) {
	dir := t.TempDir()
	s, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := openStore(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
}

// Rows of another build are not taken for this one's.
func TestOtherBuild(t *testing.T) {
	path, dir := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy), t.TempDir()
	must(t, load(t, path), Options{Dir: dir})
	name := filepath.Join(dir, RowsName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), build(), "another")), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, path).Run(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrOtherBuild) {
		t.Errorf("%v", err)
	}
	if res := must(t, load(t, path), Options{Dir: dir, AnyBuild: true}); res.Earlier != 16 {
		t.Errorf("%d of an earlier call", res.Earlier)
	}
}

// What builds did the runs is said wherever their figures are.
func TestMixedBuilds(t *testing.T) {
	path, dir := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy), t.TempDir()
	must(t, load(t, path), Options{Dir: dir})
	name := filepath.Join(dir, RowsName)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const other = "0123456789abcdef"
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), build(), other, 3)), 0o644); err != nil {
		t.Fatal(err)
	}
	res := must(t, load(t, path), Options{Dir: dir, AnyBuild: true})
	want := []Build{{build(), 13}, {other, 3}}
	mixedCells := 0
	for _, c := range res.Analysis.Cells {
		if c.Builds == 2 {
			mixedCells++
		}
	}
	if !slices.Equal(res.Analysis.Builds, want) || mixedCells != 9 { // three combinations of four, three measures each
		t.Errorf("%v, %d lines of several builds", res.Analysis.Builds, mixedCells)
	}
	d, err := Compare(dir, dir)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"table": res.Table(), "comparison": d.Table(), ReportName: "", JSONName: "", TableName: "", SummaryName: ""} {
		if text == "" {
			b, err := os.ReadFile(filepath.Join(dir, where))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		says := []string{other[:12], build()[:12]}
		if where == SummaryName {
			says = []string{",builds,", ",2,"}
		}
		for _, part := range says {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %s", where, part)
			}
		}
	}
}

// Files that the scenarios of some combinations name make no runs of others new.
func TestFilesOfLevels(t *testing.T) {
	const scenario = `name: churned
duration: 2s
nodes: [n1..n3]
links: [{chain: n1..n3}]
applications: [{name: s, at: n1, source: constant-rate, rate: 50/s, payload: 100B}]
timeline: [{at: 0s, churn: {nodes: n2, trace: "${churn}"}}]
`
	const file = `name: x
scenario: churned.yaml
factors: {churn: [a.csv]}
seeds: 1..2
measures: {got: distinct(n3)}
`
	path := write(t, "x.yaml", file, "churned.yaml", scenario, "a.csv", "CHURN-A", "b.csv", "CHURN-B")
	dir, out := filepath.Dir(path), t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("a.csv", "0.5,n2,stop\n")
	put("b.csv", "0.9,n2,stop\n")
	must(t, load(t, path), Options{Dir: out})
	put("x.yaml", strings.Replace(file, "[a.csv]", "[a.csv, b.csv]", 1))
	if res := must(t, load(t, path), Options{Dir: out}); res.Earlier != 2 || len(res.Rows) != 4 || res.Foreign != 0 {
		t.Errorf("another level: %d of an earlier call, %d rows, %d foreign", res.Earlier, len(res.Rows), res.Foreign)
	}
	if _, _, rows, err := Open(out); err != nil || len(rows) != 4 {
		t.Errorf("%d rows of the result, %v", len(rows), err)
	}
	put("b.csv", "1,n2,stop\n")
	if res := must(t, load(t, path), Options{Dir: out}); res.Earlier != 2 || res.Foreign != 2 {
		t.Errorf("another text of b.csv: %d of an earlier call, %d foreign", res.Earlier, res.Foreign)
	}
}

// touchy panics at the first message of data; stubborn cannot be made at all; hoarder
// keeps what it gets, and nothing ever moves.
type touchy struct{ *relay.Relay }

func (a touchy) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		panic("no data, please")
	}
	return a.Relay.Process(m)
}

type hoarder struct{ *relay.Relay }

func (h hoarder) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		return core.Hold
	}
	return h.Relay.Process(m)
}

func strange() *scenario.Registry {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "touchy", New: func(e scenario.Env) (core.Algorithm, error) { return touchy{relay.New(nil, e.Downstreams...)}, nil }})
	r.Add(scenario.Algorithm{Name: "hoarder", New: func(e scenario.Env) (core.Algorithm, error) { return hoarder{relay.New(nil, e.Downstreams...)}, nil }})
	r.Add(scenario.Algorithm{Name: "rash", New: func(scenario.Env) (core.Algorithm, error) { panic("made of nothing") }})
	r.Add(scenario.Algorithm{Name: "stubborn", New: func(scenario.Env) (core.Algorithm, error) { return nil, errors.New("not today") }})
	return r
}

// What fails is a row with its error, the others go on, and nothing is run twice unless
// it is asked for.
func TestRunsThatFail(t *testing.T) {
	file := strings.Replace(lossyExperiment, "[relay]", "[relay, touchy, hoarder, stubborn, rash]", 1)
	path, dir := write(t, "x.yaml", file, "lossy.yaml", lossy+"expect: [\"distinct(n2) >= 45\"]\nbuffers: {messages: 5}\n"), t.TempDir()
	res := must(t, load(t, path), Options{Dir: dir, Registry: strange()})
	if len(res.Rows) != 80 || res.Analysis.Failed == 0 || res.Analysis.Failed != res.Count(Failed) || res.Analysis.Violated != res.Count(Violated) {
		t.Fatalf("%d rows, %d failed, %d violated", len(res.Rows), res.Analysis.Failed, res.Analysis.Violated)
	}
	says := map[string]string{"touchy": "no data, please", "stubborn": "not today", "rash": "made of nothing", "hoarder": ""}
	for _, r := range res.Rows {
		switch name := r.Levels["algorithm"]; {
		case name == "relay" && (r.Status == Failed || r.Levels["loss"] == "0%" && r.Status != Ok || r.Status == Violated && !strings.Contains(r.Error, "distinct(n2) >= 45")):
			t.Errorf("%v: %s %s", r.Levels, r.Status, r.Error)
		case name != "relay" && (r.Status == Ok || !strings.Contains(r.Error, says[name])):
			t.Errorf("%v: %s %s", r.Levels, r.Status, r.Error)
		case r.Status == Failed && r.Values != nil:
			t.Errorf("%v failed and has values", r.Levels)
		}
	}
	for _, c := range res.Analysis.Cells {
		if c.Levels["algorithm"] == "touchy" && (c.Failed != 4 || c.N != 0 || c.Mean.Is()) {
			t.Errorf("%+v", c)
		}
	}
	if table := res.Table(); !strings.Contains(table, "runs failed") || !strings.Contains(table, "did not go well") {
		t.Error(table)
	}
	failed := res.Count(Failed)
	if res = must(t, load(t, path), Options{Dir: dir, Registry: strange()}); res.Earlier != 80 {
		t.Errorf("%d were run again", 80-res.Earlier)
	}
	if res = must(t, load(t, path), Options{Dir: dir, Registry: strange(), Retry: true}); res.Earlier != 80-failed || res.Count(Failed) != failed {
		t.Errorf("%d of %d were run again", 80-res.Earlier, failed)
	}
}

// A result has all that is needed to run it again, and gives the same.
func TestRunAgainFromTheResult(t *testing.T) {
	path, first, second := write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy), t.TempDir(), t.TempDir()
	e := load(t, path)
	e.Seeds = []uint64{7, 8}
	a := must(t, e, Options{Dir: first})
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	again, bundle, _, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	if len(bundle.Files) != 2 || bundle.Origin.Version == "" || bundle.Origin.Host.Cores == 0 {
		t.Errorf("%+v", bundle)
	}
	b := must(t, again, Options{Dir: second})
	if !reflect.DeepEqual(bare(a.Rows), bare(b.Rows)) {
		t.Error("other rows than before")
	}
	d, err := Compare(first, second)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range d.Rows {
		if r.Verdict != "no difference seen" || r.N != 2 || !r.Paired || r.Difference != 0 {
			t.Errorf("%+v", r)
		}
	}
	if table := d.Table(); !strings.Contains(table, "no difference seen") {
		t.Error(table)
	}
}

// Results with other seeds are compared without pairs, and what one side alone has is
// named.
func TestCompare(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	must(t, load(t, write(t, "x.yaml", lossyExperiment, "lossy.yaml", lossy)), Options{Dir: a})
	other := strings.NewReplacer("1..4", "11..14", "[0%, 10%]", "[10%, 30%]", "${algorithm}", "relay").Replace
	must(t, load(t, write(t, "x.yaml", other(lossyExperiment), "lossy.yaml", strings.Replace(lossy, "${loss}", "\"normal(${loss}, 0.001)\"", 1))), Options{Dir: b})
	d, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Rows) != 6 || len(d.OnlyA) != 6 || len(d.OnlyB) != 6 || !strings.Contains(d.OnlyB[0], "30%") {
		t.Errorf("%d rows, %v, %v", len(d.Rows), d.OnlyA, d.OnlyB)
	}
	for _, r := range d.Rows {
		if r.Paired || r.RunsA != 4 || r.RunsB != 4 {
			t.Errorf("%+v", r)
		}
	}
	if _, err := Compare(a, t.TempDir()); err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// Factors may set a path, so that the scenario runs by itself too; several values; or
// whole algorithms. Some combinations are left out.
func TestFactors(t *testing.T) {
	e := load(t, write(t, "x.yaml", `name: x
scenario: |
  name: y
  duration: 1s
  nodes: [n1..n${n}]
  links:
    - {ring: n1..n${n}, loss: 1%}
  algorithm: ${algorithm}
  applications: [{name: s, at: n1, source: constant-rate, rate: ${rate}, payload: 100B}]
factors:
  loss: {set: links.0.loss, levels: [0%, 2%, 4%]}
  size:
    - {name: small, values: {n: 3, rate: 20/s}}
    - {name: large, values: {n: 5, rate: 10/s}}
  algorithm:
    - relay
    - {name: half, value: "{name: gossip, probability: 50%}"}
exclude:
  - {size: large, loss: [2%, 4%]}
seeds: [3, 1, 9..10]
measures:
  sent: {of: sent(), about: what was sent}
confidence: 90%
charts: {x: size, lines: loss}
`))
	runs, err := e.Check(scenario.Shipped())
	if err != nil || runs != 8*4 || e.Confidence != 0.9 || !slices.Equal(e.Seeds, []uint64{3, 1, 9, 10}) {
		t.Fatalf("%d runs of seeds %v: %v", runs, e.Seeds, err)
	}
	for _, c := range e.Cells() {
		p, err := c.plan(5, scenario.Shipped())
		if err != nil {
			t.Fatal(err)
		}
		loss, _, _ := spec.Quantity(c.Level("loss"))
		n, algorithm := 3, "relay"
		if c.Level("size") == "large" {
			n = 5
		}
		if c.Level("algorithm") == "half" {
			algorithm = "gossip"
		}
		if len(p.plan.Nodes) != n || p.plan.Links[0].Loss != loss || p.plan.Nodes[0].Algorithm != algorithm || p.plan.Seed != 5 {
			t.Errorf("%v: %d nodes, %+v, %s", c, len(p.plan.Nodes), p.plan.Links[0], p.plan.Nodes[0].Algorithm)
		}
	}
	if f := e.factor("loss"); !f.Numeric || f.Levels[2].Number != 0.04 || e.factor("size").Numeric {
		t.Errorf("%+v", e.Factors)
	}
	if a := e.axes(); a.x.Name != "size" || a.lines.Name != "loss" {
		t.Errorf("%v %v", a.x, a.lines)
	}
}

// Every mistake has its place, in whichever file it is.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"name: lossy chain", "nam: lossy chain", `x.yaml:1:1: unknown key "nam"`},
		{"seeds: 1..4", "seeds: 4..1", "x.yaml:7:8: "},
		{"seeds: 1..4", "seeds: 1, 2, 1", "the seed 1 is here twice"},
		{"loss: [0%, 10%]", "los: [0%, 10%]", "x.yaml:6:3: the scenario and the measures have no ${los}"},
		{"loss: [0%, 10%]", "los: [0%, 10%]", "lossy.yaml:4:34: no factor sets ${loss}"},
		{"loss: [0%, 10%]", "loss: [0%, 200%]", "lossy.yaml:4:"},
		{"loss: [0%, 10%]", "loss: [0%, 200%]", "with algorithm = relay, n = 2, loss = 200%"},
		{"loss: [0%, 10%]", "loss: []", "a factor has 1 to"},
		{"loss: [0%, 10%]", "loss: [0%, 0%]", "x.yaml:6:14: the level \"0%\" is here twice"},
		{"loss: [0%, 10%]", "seed: [0%, 10%]", "is a column of the results already"},
		{"distinct(n${n}) / sent(n1)", "distinct(n9) / sent(n1)", "x.yaml:9:23: the measure \"delivered\": "},
		{"distinct(n${n}) / sent(n1)", "distinkt(n${n}) / sent(n1)", `in "distinkt(n2) / sent(n1)"`},
		{"distinct(n${n}) / sent(n1)", "distinct(n${m}) / sent(n1)", "x.yaml:9:24: no factor sets ${m}"},
		{"scenario: lossy.yaml", "scenario: missing.yaml", "x.yaml:2:11: the scenario cannot be read"},
		{"seeds: 1..4", "seeds: 1..4\nexclude: [{loss: 5%}]", `has no level "5%"`},
		{"seeds: 1..4", "seeds: 1..4\nexclude: [{los: 5%}]", `Did you mean "loss"?`},
		{"seeds: 1..4", "seeds: 1..4\nexclude: [{n: [2, 3]}]", "excludes every combination"},
		{"seeds: 1..4", "seeds: 1..4\nconfidence: 95", "x.yaml:8:13: "},
		{"seeds: 1..4", "seeds: 1..4\nworld: dream", "x.yaml:8:8: "},
		{"seeds: 1..4", "seeds: 1..900000", "more than 1000000 runs"},
	} {
		path := write(t, "x.yaml", strings.Replace(lossyExperiment, c.from, c.to, 1), "lossy.yaml", lossy)
		e, err := Load(path)
		if err == nil {
			_, err = e.Check(scenario.Shipped())
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\nwant something with %s", c.to, err, c.says)
		}
	}
}

// What is wrong with a scenario in the experiment's own file has its place there.
func TestMistakesInline(t *testing.T) {
	path := write(t, "x.yaml", "name: x\nscenario: |\n\n  # first\n  name: y\n  duration: 1s\n  nodes: [A]\n  links: [A -> B]\n  applications: []\nseeds: 1\nmeasures: {m: sent()}\n")
	e, err := Load(path)
	if err == nil {
		_, err = e.Check(scenario.Shipped())
	}
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s:8:16: ", path)) {
		t.Errorf("%v", err)
	}
}
