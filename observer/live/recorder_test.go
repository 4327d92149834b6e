package live_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/observer/replay"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// stands is how everything stands at the end of what a source shows, as text without its time.
func stands(t *testing.T, s api.Source) string {
	t.Helper()
	u, err := s.Snapshot(t.Context(), api.Latest)
	if err != nil {
		t.Fatal(err)
	}
	is := *u
	is.T = 0
	return string(is.AppendJSON(nil))
}

func replayed(t *testing.T, name string) (*replay.Source, *recording.Reader) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // it was read only
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(file, info.Size())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s, err := replay.New(r, "test")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s, r
}

// What an observer has recorded replays to what it showed: in one file, and in files of which each begins with how
// everything stood when the one before was full. Old files are kept up to a bound.
func TestWhatAnObserverRecordsIsWhatItShowed(t *testing.T) {
	for name, size := range map[string]int64{"one file": 0, "many files": 2000} {
		t.Run(name, func(t *testing.T) {
			l, err := live.Start(live.Options{Poll: 50 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			file := filepath.Join(t.TempDir(), "watched.rec")
			if size == 0 {
				if err := os.WriteFile(file, []byte("what was there before"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			rec, err := l.Record(live.RecordOptions{File: file, Size: size, Files: 3})
			if err != nil {
				t.Fatal(err)
			}
			eng, err := engine.New(engine.Options{Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer eng.Close()
			eng.AllUp()
			const nodes = 5
			var last *engine.Node
			for i := range nodes {
				alg := &algos.Base{}
				if err := report.To(alg, report.Options{Observers: []core.NodeID{l.ID()}, Name: "n" + strconv.Itoa(i), Place: &algos.Place{Lat: float64(i)}}); err != nil {
					t.Fatal(err)
				}
				if last, err = eng.AddNode(alg, engine.NodeOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			shows := func(up int) func() bool {
				return func() bool {
					u, err := l.Snapshot(t.Context(), api.Latest)
					n := 0
					for i := range u.Nodes {
						if u.Nodes[i].Up.Or(false) {
							n++
						}
					}
					return err == nil && len(u.Nodes) == nodes && n == up
				}
			}
			eventually(t, "all nodes are shown", shows(nodes))
			oldFiles := func() (old []string) {
				if old, err = filepath.Glob(filepath.Join(filepath.Dir(file), "watched-*.rec")); err != nil {
					t.Fatal(err)
				}
				return old
			}
			if size > 0 {
				eventually(t, "there are old files", func() bool { return len(oldFiles()) == 3 })
			}
			last.Kill()
			eventually(t, "one is shown as down", shows(nodes-1))
			eng.Close()
			eventually(t, "all are shown as down", shows(0))
			want := stands(t, l)
			if err := rec.Close(); err != nil {
				t.Fatal(err)
			}
			s, r := replayed(t, file)
			if got := stands(t, s); got != want {
				t.Errorf("the recording ends with\n%s\nwant what was shown:\n%s", got, want)
			}
			if m, _ := s.Meta(context.Background()); m.Nodes != nodes || r.Meta().World != "observer" || m.EpochMS == 0 {
				t.Errorf("it says of itself %+v, %+v", m, r.Meta())
			}
			old := oldFiles()
			if size == 0 {
				if text, err := os.ReadFile(old[0]); len(old) != 1 || err != nil || string(text) != "what was there before" {
					t.Errorf("what was there before is in %v: %q, %v", old, text, err)
				}
				downs := 0
				err := s.Events(t.Context(), 0, api.Latest, func(e *record.Event) bool {
					if e.Kind == record.EventDown {
						downs++
					}
					return true
				})
				if err != nil || downs != nodes {
					t.Errorf("%d ends of nodes are recorded, want %d; %v", downs, nodes, err)
				}
				return
			}
			if len(old) != 3 {
				t.Errorf("%d old files are kept, want 3: %v", len(old), old)
			}
			for _, name := range old {
				replayed(t, name) // each by itself
			}
		})
	}
}
