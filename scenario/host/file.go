package host

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/apps/file"
	"github.com/ioverlay/ioverlay/core"
)

// newFile is a source of a synthetic file, whose number is that of its application. What a scenario says of it has been checked.
func newFile(c Command) *file.Source {
	f, err := file.NewSynthetic(c.Source.Name, int64(c.Source.Size), c.Source.Payload, uint64(c.App))
	if err != nil {
		panic(fmt.Sprintf("host: the file %s: %v", c.Source.Name, err))
	}
	return file.NewSource(file.SourceOptions{App: c.App, Manifest: f.Manifest, Tree: f.Tree, Blocks: f, Stay: true,
		Rate: c.Source.MsgsPerSec * float64(c.Source.Payload)})
}

// receiver receives the file of an application, holds it against what its source made, and keeps nothing of it.
type receiver struct {
	*file.Sink
	app   uint32
	fault error // the first: Invariant
}

// newReceivers are those of a node.
func newReceivers(s Setup) (all []*receiver) {
	for _, a := range s.Apps {
		if !a.File || slices.Contains(s.Sources, a.ID) {
			continue // it has it: an algorithm may bring it back to where it comes from
		}
		r := &receiver{app: a.ID}
		r.Sink = file.NewSink(file.SinkOptions{
			App: a.ID,
			Open: func(_ *core.Node, t *file.Transfer) (file.Store, error) {
				return file.OpenSynthesized(t, uint64(a.ID)), nil
			},
			Done: func(_ *file.Transfer, err error) {
				if r.fault == nil && err != nil {
					r.fault = fmt.Errorf("the file of application %s: %w", a.Name, err)
				}
			},
		})
		all = append(all, r)
	}
	return all
}

// taker is Env.Take, for algorithms that carry files in another form: nil if no application is a file.
func taker(all []*receiver) func(n *core.Node, maker core.NodeID, app uint32, payload []byte) {
	if len(all) == 0 {
		return nil
	}
	return func(n *core.Node, maker core.NodeID, app uint32, payload []byte) {
		for _, r := range all {
			if r.app == app {
				r.Take(n, maker, payload)
			}
		}
	}
}

// seeFiles hands files' sources and receivers what comes to the node, and reports whether it is for nobody else.
func (h *Host) seeFiles(m *core.Msg) bool {
	if m.Type() == file.TypeRequest {
		for _, s := range h.sources {
			if f, is := s.made.(*file.Source); is && f.See(h.node, m) {
				return true
			}
		}
	}
	for _, r := range h.receivers {
		if r.See(h.node, m) {
			return true
		}
	}
	return false
}
