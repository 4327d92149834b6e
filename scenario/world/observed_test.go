package world_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A scenario's nodes are seen by the observer that its file names, with their names, groups and places, and go when it ends.
func TestNodesOfScenariosAreSeen(t *testing.T) {
	l, err := live.Start(live.Options{Poll: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	text := `name: seen
duration: 2s
observer: ` + l.ID().String() + `
nodes:
  - {names: A, group: gateway, place: {lat: 52.5, lon: 13.4, label: Berlin}}
  - B
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}]
`
	plan, err := spec.Parse("seen.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Run(t.Context(), plan, scenario.Options{World: "live"}); err != nil {
		t.Fatal(err)
	}
	var names, groups []string
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		u, err := l.Snapshot(context.Background(), api.Latest)
		if err != nil {
			t.Fatal(err)
		}
		names, groups = nil, nil
		down := 0
		for i := range u.Nodes {
			n := &u.Nodes[i]
			names, groups = append(names, n.Name.Or("")), append(groups, n.Group.Or("")+n.Place.Label.Or(""))
			if !n.Up.Or(true) {
				down++
			}
		}
		if down == 2 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("a minute later: %s", u.AppendJSON(nil))
		}
	}
	slices.Sort(names)
	slices.Sort(groups)
	if strings.Join(names, " ") != "A B" || groups[1] != "gatewayBerlin" {
		t.Errorf("seen were %q of %q", names, groups)
	}
	plan.Transport = spec.TransportMem
	if _, err := scenario.Run(t.Context(), plan, scenario.Options{World: "live"}); err == nil || !strings.Contains(err.Error(), "transport") {
		t.Errorf("in memory: %v", err)
	}
}
