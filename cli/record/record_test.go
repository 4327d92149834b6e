package record

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a)))
}

// made is a small recording, cut at a part of its length.
func made(t *testing.T, part float64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "run.rec")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := recording.NewWriter(file, recording.Meta{Title: "small", World: "sim"}, recording.Options{BlockBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(10) {
		at := record.Time(i) * 1e9
		if err := w.Update(&record.Update{T: at, Nodes: []record.Node{{I: i, In: record.Number(i)}}, Events: []record.Event{{T: at, Kind: "up", Node: record.To(i)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(recording.End{Ended: 10e9, Expectations: []recording.Expectation{{Text: "alive() = 10"}}}); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(int64(part * float64(info.Size()))); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestInfo(t *testing.T) {
	r := program.Inside("record", "info", made(t, 1))
	for _, says := range []string{"small", "yes", "10 s", "up 10", "alive() = 10: did not hold"} {
		if r.Code != console.ExitOK || !strings.Contains(r.Out, says) {
			t.Errorf("it does not say %q: %+v", says, r)
		}
	}
	r = program.Inside("record", "info", made(t, 0.5), "--format", "json")
	var f struct {
		Title    string
		Complete bool
		Nodes    int
		Lost     int64 `json:"lostBytes"`
		Events   map[string]int
		Fields   []string
	}
	if err := json.Unmarshal([]byte(r.Out), &f); err != nil || r.Code != console.ExitOK || f.Title != "small" || f.Complete || f.Nodes < 1 || f.Nodes > 8 || f.Lost == 0 || f.Events["up"] != f.Nodes || len(f.Fields) != 1 {
		t.Errorf("half a recording: %+v, %v, %+v", r, err, f)
	}
}

func TestExport(t *testing.T) {
	for format, made1 := range map[string]string{"sqlite": "out", "csv": "out/nodes.csv", "jsonl": "out/events.jsonl"} {
		dir := t.TempDir()
		r := program.Inside("record", "export", made(t, 1), "--format", format, "--out", filepath.Join(dir, "out"))
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(made1))); err != nil || r.Code != console.ExitOK || info.Size() == 0 {
			t.Errorf("%s: %+v, %v", format, r, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("name: no recording"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"info", text}, console.ExitFailed, "not a recording"},
		{[]string{"info", text + "x"}, console.ExitFailed, "no such file"},
		{[]string{"info", filepath.Dir(text)}, console.ExitFailed, "no regular file"},
		{[]string{"export", made(t, 1), "--format", "xls", "--out", "x"}, console.ExitUsage, "xls"},
		{[]string{"export", made(t, 1)}, console.ExitUsage, "where to write to"},
		{[]string{"export", made(t, 1), "--format", "csv", "--out", text}, console.ExitFailed, "make the directory"},
	} {
		if r := program.Inside(append([]string{"record"}, c.args...)...); r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
}
