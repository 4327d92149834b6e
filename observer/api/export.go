package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/record"
)

// export answers with how things stood at a time, for other programs.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	q := query{Values: r.URL.Query()}
	at, format, of := q.time("at", Latest), q.take("format"), q.take("of")
	q.rest()
	if of != "" && (format != "csv" || of != "nodes" && of != "links") {
		q.wrong("of %q: nodes or links, with format=csv", of)
	}
	media, known := map[string]string{"dot": "text/vnd.graphviz; charset=utf-8", "csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[format]
	if !known {
		q.wrong("format %q: use dot, csv or jsonl", format)
	}
	if q.err != nil {
		s.failed(w, r, q.err)
		return
	}
	u, err := s.src.Snapshot(r.Context(), at)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	var b []byte
	switch format {
	case "dot":
		b = dot(u)
	case "csv":
		b = table(u, of == "links")
	default:
		b = lines(u)
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="overlay-%s.%s"`, strconv.FormatFloat(u.T.Seconds(), 'f', -1, 64), format))
	_, _ = w.Write(b) // whoever asked has gone
}

// lines is a JSON object a line: nodes, then links, then states.
func lines(u *record.Update) (b []byte) {
	for i := range u.Nodes {
		b = append(u.Nodes[i].AppendJSON(append(b, `{"node":`...)), "}\n"...)
	}
	for i := range u.Links {
		b = append(u.Links[i].AppendJSON(append(b, `{"link":`...)), "}\n"...)
	}
	for i := range u.States {
		b = append(u.States[i].AppendJSON(append(b, `{"state":`...)), "}\n"...)
	}
	return b
}

// dot is a graph for Graphviz.
func dot(u *record.Update) []byte {
	var b bytes.Buffer
	b.WriteString("digraph overlay {\n")
	for i := range u.Nodes {
		n := &u.Nodes[i]
		style := ""
		if !n.Up.Or(false) {
			style = `, style=dashed`
		}
		fmt.Fprintf(&b, "  n%d [label=%s%s];\n", n.I, dotText(nodeName(n)), style)
	}
	for i := range u.Links {
		if l := &u.Links[i]; l.Up.Or(false) {
			fmt.Fprintf(&b, "  n%d -> n%d [label=%s];\n", l.F, l.T, dotText(strconv.FormatFloat(l.Rate.Or(0), 'f', 0, 64)+" B/s"))
		}
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// dotText is a text as a quoted string of Graphviz, in which a backslash begins an escape of its own.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}

func nodeName(n *record.Node) string {
	if name := n.Name.Or(""); name != "" {
		return name
	}
	return n.ID.Or(strconv.FormatUint(uint64(n.I), 10))
}

// table is the nodes or links as CSV.
func table(u *record.Update, links bool) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	number := func(f record.Field[float64]) string {
		v, ok := f.Get()
		if !ok {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	index := func(i uint32) string { return strconv.FormatUint(uint64(i), 10) }
	truth := func(f record.Field[bool]) string { return strconv.FormatBool(f.Or(false)) }
	write := func(cells ...string) { _ = w.Write(cells) } // into memory
	if links {
		write("from", "to", "up", "rate", "cap", "rtt", "latency", "jitter", "loss", "lost_msgs", "lost_bytes", "queued_msgs", "queued_bytes", "blocked")
		for i := range u.Links {
			l := &u.Links[i]
			lost := l.Lost.Or(record.Pair{})
			write(index(l.F), index(l.T), truth(l.Up), number(l.Rate), number(l.Cap), number(l.RTT), number(l.Latency), number(l.Jitter), number(l.Loss),
				strconv.FormatFloat(lost[0], 'g', -1, 64), strconv.FormatFloat(lost[1], 'g', -1, 64), number(l.Queued.Msgs), number(l.Queued.Bytes), truth(l.Blocked))
		}
	} else {
		write("i", "id", "name", "group", "algorithm", "lat", "lon", "up", "since", "in", "out", "held", "queued_msgs", "queued_bytes", "cpu", "rss")
		for i := range u.Nodes {
			n := &u.Nodes[i]
			write(index(n.I), cell(n.ID.Or("")), cell(n.Name.Or("")), cell(n.Group.Or("")), cell(n.Algorithm.Or("")), number(n.Place.Lat), number(n.Place.Lon),
				truth(n.Up), number(n.Since), number(n.In), number(n.Out), number(n.Held), number(n.Queued.Msgs), number(n.Queued.Bytes),
				number(n.Process.CPU), number(n.Process.RSS))
		}
	}
	w.Flush()
	return b.Bytes()
}

// cell is a text of a stranger that no spreadsheet takes for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
