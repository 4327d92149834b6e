package topology

import (
	"fmt"
	"io"
	"strings"
)

// DOT writes the graph for Graphviz: nodes that are down dashed and grey, and links the
// wider the more they carry, with their rates.
func (g *Graph) DOT(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph overlay {\n  label=%s;\n  node [shape=ellipse, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=9, color=\"#4477aa\"];\n", quote(g.title()))
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "  n%d [label=%s%s];\n", i, quote(n.String()), dotState(n))
	}
	most := g.most()
	for _, l := range g.Links {
		fmt.Fprintf(&b, "  n%d -> n%d [penwidth=%.2f, label=%s, tooltip=%s];\n", l.From, l.To,
			width(l.Rate, most, 0.5, 6), quote(rateText(l.Rate)), quote(fmt.Sprintf("%d messages, %d bytes", l.Msgs, l.Bytes)))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func dotState(n Node) string {
	switch n.State {
	case Down:
		return fmt.Sprintf(", style=dashed, color=\"#999999\", fontcolor=\"#999999\", tooltip=%s", quote(fmt.Sprintf("ended at %v", n.Ended)))
	case Crashed:
		return fmt.Sprintf(", style=dashed, color=\"#cc3311\", fontcolor=\"#cc3311\", tooltip=%s", quote(fmt.Sprintf("crashed at %v", n.Ended)))
	case Foreign:
		return ", style=dotted"
	}
	return ""
}

// quote writes a text as DOT has it: only quotation marks and backslashes are special.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
