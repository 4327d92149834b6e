package observer

import (
	"encoding/json"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/emul"
)

// ctlNodes is "ctl nodes": what --target can name.
func ctlNodes(a *console.App) *cobra.Command {
	var c clientFlags
	cmd := &cobra.Command{
		Use: "nodes", Short: "List the nodes that the observer knows", Example: "  ioverlay ctl nodes --format json", Args: cobra.NoArgs,
	}
	c.define(cmd.Flags())
	format := console.FormatFlag(cmd, console.FormatTable, console.FormatJSON)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := console.CheckFormat(*format, console.FormatTable, console.FormatJSON); err != nil {
			return err
		}
		var u struct {
			Nodes []json.RawMessage `json:"nodes"`
		}
		if err := c.get(cmd.Context(), "/api/v1/snapshot", &u); err != nil {
			return err
		}
		if *format == console.FormatJSON {
			if u.Nodes == nil {
				u.Nodes = []json.RawMessage{}
			}
			return json.NewEncoder(a.Out).Encode(u.Nodes)
		}
		return printNodes(a, u.Nodes)
	}
	return cmd
}

// throughput is a rate for people; emul.Rate has no zero but "unlimited".
func throughput(v float64) string {
	if v == 0 {
		return "0"
	}
	return emul.Rate(v).String()
}

func printNodes(a *console.App, nodes []json.RawMessage) error {
	t := table.NewWriter()
	t.AppendHeader(table.Row{"node", "address", "name", "group", "algorithm", "up", "in", "out"})
	for _, raw := range nodes {
		var n struct {
			I                          int
			ID, Name, Group, Algorithm string
			Up                         bool
			In, Out                    float64
		}
		if err := json.Unmarshal(raw, &n); err != nil {
			return fmt.Errorf("a node in the observer's answer: %w", err)
		}
		up := "down"
		if n.Up {
			up = "up"
		}
		t.AppendRow(table.Row{n.I, n.ID, n.Name, n.Group, n.Algorithm, up, throughput(n.In), throughput(n.Out)})
	}
	_, err := fmt.Fprintln(a.Out, t.Render())
	return err
}
