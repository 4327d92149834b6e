package observer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/cli/clitest"
)

const watchedScenario = `name: watched
duration: 10min
transport: tcp
nodes:
  - {names: A..D, group: chain, place: {lat: 52.5, lon: 13.4, label: Berlin}}
links:
  - A -> B -> C -> D
applications:
  - {name: stream, at: A, source: constant-rate, rate: 20KBps, payload: 1000B}
`

// shown is what an observer shows.
type shown struct {
	Nodes []struct {
		I         uint32
		Name      string
		Group     string
		Algorithm string
		Up        bool
		In        float64
		Place     struct{ Label string }
		Caps      struct{ Up float64 }
		Process   struct{ PID int }
	}
	Links []struct {
		F, T uint32
		Up   bool
		Rate float64
	}
}

func (r *running) shown(t *testing.T) (s shown) {
	t.Helper()
	res := inside("ctl", "nodes", "--format", "json", "--observer", r.url)
	if err := json.Unmarshal([]byte(res.Out), &s.Nodes); err != nil {
		t.Fatalf("%v: %+v", err, res)
	}
	c := clientFlags{url: r.url, timeout: time.Minute}
	if err := c.get(t.Context(), "/api/v1/snapshot", &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The nodes of a scenario, in processes of their own or in one, are shown with what flows between them, obey, and are seen to
// end, one after an order and the rest with the run.
func TestAScenarioUnderAnObserver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watched.yaml")
	if err := os.WriteFile(file, []byte(watchedScenario), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, world := range []string{"proc", "live"} {
		t.Run(world, func(t *testing.T) {
			at := freePort(t)
			r := startObserver(t, "--listen", at, "--poll", "200ms")
			cmd := clitest.Program(t, "run", file, "--world", world, "--observer", at)
			cmd.Stderr = os.Stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = cmd.Process.Kill() // if it has not ended yet
				_ = cmd.Wait()
			})
			up := func(s shown) (nodes, links int, flows bool) {
				processes := make(map[int]bool)
				for _, n := range s.Nodes {
					if n.Up && n.Group == "chain" && n.Algorithm == "relay" && n.Place.Label == "Berlin" {
						nodes++
						processes[n.Process.PID] = true
						flows = flows || n.Name == "D" && n.In > 0
					}
				}
				if want := map[string]int{"proc": nodes, "live": min(nodes, 1)}[world]; len(processes) != want {
					return 0, 0, false // a process is told with the first report, or the one after
				}
				for _, l := range s.Links {
					if l.Up && l.Rate > 0 {
						links++
					}
				}
				return nodes, links, flows
			}
			eventually(t, "all nodes, links and the stream are shown", func() bool {
				nodes, links, flows := up(r.shown(t))
				return nodes == 4 && links == 3 && flows
			})
			if res := inside("ctl", "set-bandwidth", "--target", "B", "--up", "7000", "--observer", r.url); res.Code != 0 {
				t.Fatal(res)
			}
			eventually(t, "an order is obeyed", func() bool {
				for _, n := range r.shown(t).Nodes {
					if n.Name == "B" && n.Caps.Up == 7000 {
						return true
					}
				}
				return false
			})
			if res := inside("ctl", "terminate-node", "--target", "C", "--observer", r.url); res.Code != 0 {
				t.Fatal(res)
			}
			eventually(t, "the node that was ended is shown as down", func() bool { return len(r.nodes(t)) == 3 })
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all are shown as down when the run is over", func() bool { return len(r.nodes(t)) == 0 })
		})
	}
}
