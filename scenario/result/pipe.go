package result

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// PipeFull is a link on which the bound on what is in flight (in-flight in a scenario) held
// messages up: it carried less than its rate, or its receiver, would have let it.
type PipeFull struct {
	Link string  `json:"link"`
	S    float64 `json:"held_s"` // sum over its lanes

	took time.Duration
}

// PipesFull lists them, the longest first.
func (r *Run) PipesFull() []PipeFull {
	all := []PipeFull{} // for programs: an empty list, not null
	for link, took := range r.pipes {
		ends := r.Links[link]
		name := r.Name(spec.Target{Node: -1, From: ends[0], To: ends[1]})
		all = append(all, PipeFull{Link: name, S: took.Seconds(), took: took})
	}
	slices.SortFunc(all, func(x, y PipeFull) int {
		return cmp.Or(cmp.Compare(y.took, x.took), strings.Compare(x.Link, y.Link))
	})
	return all
}

// pipeWarning names the worst of them; "" if there are none.
func (r *Run) pipeWarning() string {
	const most = 4
	full := r.PipesFull()
	if len(full) == 0 {
		return ""
	}
	var parts []string
	for _, p := range full[:min(len(full), most)] {
		parts = append(parts, fmt.Sprintf("%s for %v", p.Link, p.took.Round(time.Microsecond)))
	}
	if len(full) > most {
		parts = append(parts, fmt.Sprintf("and %d more", len(full)-most))
	}
	links := "links"
	if len(full) == 1 {
		links = "link"
	}
	return fmt.Sprintf("the bound on what is in flight (in-flight) held up messages on %d %s: %s", len(full), links, strings.Join(parts, "; "))
}
