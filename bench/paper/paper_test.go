package paper

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/internal/golden"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const recorded, page = "../results/2026-11-zen5-2-cores/reproduction", "../../docs/reproduction.md"

// The page of the documentation is what the recorded results and the list of figures give.
func TestPageIsNotStale(t *testing.T) {
	all, err := Load(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteDocs(&got, all, "../bench/results/2026-11-zen5-2-cores/reproduction"); err != nil {
		t.Fatal(err)
	}
	golden.File(t, page, got.String()) // or: ioverlay repro report --from bench/results/2026-11-zen5-2-cores/reproduction --docs docs/reproduction.md
	for part := range strings.SplitSeq(got.String(), "](../") {
		name, _, _ := strings.Cut(part, ")")
		if strings.HasSuffix(name, ".svg") {
			if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
				t.Errorf("the page shows a chart that is not there: %v", err)
			}
		}
	}
}

// Every figure has its measured counterpart, and is explained.
func TestEveryFigureIsMeasured(t *testing.T) {
	all, err := Load(recorded)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := Sections(all)
	if err != nil {
		t.Fatal(err)
	}
	if len(sections) != 8 {
		t.Errorf("%d figures", len(sections))
	}
	for _, s := range sections {
		if len(s.Results) == 0 || len(s.Results)+len(s.Missing) != len(Worlds) {
			t.Errorf("%s was measured %d times, and %d worlds are missing", s.Name, len(s.Results), len(s.Missing))
		}
		if s.Claim == "" || s.There == "" || s.Here == "" || s.Differs == "" || Named(s.Name) == nil {
			t.Errorf("%s is not explained", s.Name)
		}
		for _, r := range s.Results {
			if len(r.Rows) == 0 || len(r.Charts) == 0 || len(r.Tables) == 0 {
				t.Errorf("%s in %s: %d rows, %d charts, %d tables", s.Name, r.World, len(r.Rows), len(r.Charts), len(r.Tables))
			}
			for _, row := range r.Rows {
				if row.Verdict == Incomparable && row.Because == "" || row.Verdict != Incomparable && row.Tolerance == "" {
					t.Errorf("%s: a verdict without a reason: %+v", s.Name, row)
				}
			}
		}
	}
	var html bytes.Buffer
	if err := WriteHTML(&html, all); err != nil {
		t.Fatal(err)
	}
	for _, outside := range []string{"src=\"http", "href=\"http", "<script"} {
		if strings.Contains(html.String(), outside) {
			t.Errorf("the page asks for something outside: %s", outside)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		row  Row
		want Verdict
	}{
		{within("q", "u", "s", 100, 102, 0.02), Agrees}, {within("q", "u", "s", 100, 102.1, 0.02), Differs}, {within("q", "u", "s", 4, 4, 0), Agrees}, {within("q", "u", "s", 4, 5, 0), Differs},
		{within("q", "u", "s", 0, 0, 0.02), Agrees}, {atMost("q", "u", "s", 3.3, 13.3, 10), Agrees}, {atMost("q", "u", "s", 3.3, 13.4, 10), Differs},
		{atLeast("q", "u", "s", 0.27, 0.27), Agrees}, {atLeast("q", "u", "s", 0.27, 0.2), Differs}, {below("q", "u", "s", "less", 1, 1), Differs}, {above("q", "u", "s", "more", 1.1, 1), Agrees},
		{apart("q", "u", "s", math.NaN(), 1, "of this"), Incomparable}, {within("q", "u", "s", 1, math.NaN(), 1), Incomparable},
	} {
		c.row.finish("f", "sim")
		if c.row.Verdict != c.want {
			t.Errorf("%+v: %s, want %s", c.row, c.row.Verdict, c.want)
		}
		if len(c.row.Cells()) != len(RowHeads) {
			t.Errorf("%v has not the columns %v", c.row.Cells(), RowHeads)
		}
	}
}

// What was recorded is read again, and what ended early says how.
func TestDataIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "fig4-live")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(folder, ResultsName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const begin = `{"kind":"env","cores":3}` + "\n" + `{"kind":"reproduction","measurement":"fig4","world":"live","seed":7}` + "\n"
	write(begin + `{"kind":"reproduction","measurement":"fig4","world":"live","seed":7,"interrupted":true}` + "\n")
	all, err := Load(dir)
	if err != nil || len(all) != 1 || all[0].Env.Cores != 3 || all[0].Seed != 7 || !all[0].Interrupted || !all[0].Empty() {
		t.Fatalf("%+v, %v", all, err)
	}
	if sections, err := Sections(all); err != nil || len(sections[1].Results) != 0 {
		t.Errorf("%v", err)
	}
	write(begin + "{")
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a torn line: %v", err)
	}
	write(strings.ReplaceAll(begin, `"live"`, `"proc"`))
	if _, err := Load(dir); err == nil {
		t.Error("results of another world were read")
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("an empty directory has results")
	}
	if d := (&Data{}); d.Record(bench.Env{Kind: bench.ObjectEnv, Cores: 2}) != nil || d.Env.Cores != 2 || d.Record(math.NaN()) == nil {
		t.Error("a record was not taken")
	}
}
