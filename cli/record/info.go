package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record"
	"github.com/ioverlay/ioverlay/record/recording"
)

// facts are what "record info" says of a recording.
type facts struct {
	recording.Meta
	End       recording.End     `json:"ended"`
	Complete  bool              `json:"complete"`
	LostBytes int64             `json:"lostBytes,omitempty"` // behind the last whole block
	Bytes     int64             `json:"bytes"`
	Seconds   float64           `json:"seconds"` // that it spans
	Nodes     int               `json:"nodes"`   // at its end
	Links     int               `json:"links"`
	Blocks    int               `json:"blocks"`
	Updates   uint64            `json:"updates"`
	Values    uint64            `json:"values"` // of nodes and links, that changed
	States    uint64            `json:"states"`
	Transfers uint64            `json:"transferred"`
	Events    map[string]uint64 `json:"events"` // by kind
	Fields    []string          `json:"fields"`
}

func (a *app) info() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "info FILE",
		Short: "Say what a recording has",
		Example: `  ioverlay record info run.rec
  ioverlay record info run.rec --format json`,
		Args: cobra.ExactArgs(1),
	}
	format := console.FormatFlag(cmd, console.FormatTable, console.FormatJSON)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := console.CheckFormat(*format, console.FormatTable, console.FormatJSON); err != nil {
			return err
		}
		r, closing, err := open(args[0])
		if err != nil {
			return err
		}
		defer closing()
		f, err := factsOf(r)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if info, err := os.Stat(args[0]); err == nil {
			f.Bytes = info.Size()
		}
		if *format == console.FormatJSON {
			out := json.NewEncoder(a.Out)
			out.SetIndent("", "  ")
			return out.Encode(f)
		}
		_, err = fmt.Fprintln(a.Out, f.table())
		return err
	}
	return cmd
}

func factsOf(r *recording.Reader) (*facts, error) {
	f := &facts{Meta: r.Meta(), End: r.End(), Blocks: len(r.Blocks()), Events: make(map[string]uint64)}
	f.Complete, f.LostBytes = r.Complete()
	for _, b := range r.Blocks() {
		f.Updates += b.Updates
		f.Values += b.NodeCells + b.LinkCells
		f.States += b.States
		f.Transfers += b.Transfers
	}
	_, end := r.Span()
	f.Seconds = end.Seconds()
	m, err := r.At(record.MaxTime)
	if err != nil {
		return nil, err
	}
	f.Nodes, f.Links = m.Len()
	if err := r.Events(-1, record.MaxTime, func(e *record.Event) bool { f.Events[e.Kind]++; return true }); err != nil {
		return nil, err
	}
	fields, err := r.Fields()
	for _, x := range fields {
		name := "node." + x.Path.String()
		if x.Link {
			name = "link." + x.Path.String()
		}
		f.Fields = append(f.Fields, name)
	}
	return f, err
}

func (f *facts) table() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	add := func(key string, value any) { t.AppendRow(table.Row{key, value}) }
	add("title", f.Title)
	add("world", f.World)
	if f.Seed != nil {
		add("seed", *f.Seed)
	}
	whole := "yes"
	if !f.Complete {
		whole = fmt.Sprintf("no: its writer did not end it, and %d bytes behind the last whole block are lost", f.LostBytes)
	}
	add("whole", whole)
	add("spans", fmt.Sprintf("%g s", f.Seconds))
	add("size", fmt.Sprintf("%d bytes in %d blocks", f.Bytes, f.Blocks))
	add("nodes", f.Nodes)
	add("links", f.Links)
	add("updates", fmt.Sprintf("%d, of %d values", f.Updates, f.Values))
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(f.Events)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", k, f.Events[k]))
	}
	add("events", strings.Join(kinds, ", "))
	add("states", f.States)
	if f.Meta.Transfers {
		add("transfers", fmt.Sprintf("%d, and %d that happened are not in it", f.Transfers, f.End.Dropped))
	}
	for _, x := range f.End.Expectations {
		held := "held"
		if !x.Held {
			held = "did not hold"
		}
		add("expectation", x.Text+": "+held)
	}
	return t.Render()
}
