package scenario

import (
	"fmt"
	"strings"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// deadlocks says which data lanes waited for each other in a circle, with the names of
// the scenario. The processes of a proc world do not know of each other's lanes.
func (d *driver) deadlocks() error {
	w, finds := d.w.(world.Deadlocker)
	if !finds {
		return nil
	}
	circles := w.Deadlocks()
	if len(circles) == 0 {
		return nil
	}
	names := make(map[core.NodeID]string, len(d.plan.Nodes))
	for i, n := range d.plan.Nodes {
		names[d.w.ID(i)] = n.Name
	}
	apps := make(map[uint32]string, len(d.plan.Apps))
	for i, a := range d.plan.Apps {
		apps[uint32(i+1)] = a.Name
	}
	var words []string
	for _, wait := range circles[0] {
		words = append(words, fmt.Sprintf("at %s %s from %s waits for %s to %s", names[wait.Node],
			appName(apps, wait.App), names[wait.From], appName(apps, wait.ToApp), names[wait.To]))
	}
	more := ""
	if n := len(circles) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d circles more)", n)
	}
	return fmt.Errorf("%w: data runs in a circle and has come to a stop: %s%s", ErrDeadlock, strings.Join(words, ", "), more)
}

func appName(names map[uint32]string, app uint32) string {
	if name := names[app]; name != "" {
		return name
	}
	return fmt.Sprintf("application %d", app)
}
