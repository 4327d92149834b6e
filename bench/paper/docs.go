package paper

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// mostDetails is how long a table of details is on the page of the documentation; longer ones are in the HTML page.
const mostDetails = 8

// WriteDocs writes the page of the documentation: all figures with what was recorded. Charts are linked from the folders of results, which
// are at from, as seen from the page. The same results give the same page.
func WriteDocs(w io.Writer, all []*Data, from string) error {
	sections, err := Sections(all)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# The paper's figures, measured again

<!-- Made by: ioverlay repro report --from %[1]s --docs docs/reproduction.md. A test says when it is stale. -->

`+"`ioverlay repro all --out out/repro`"+` measures every figure of the paper again and writes `+"`out/repro/report.html`"+`, one page with all of this that needs
no paper at hand; `+"`ioverlay repro fig4 --world proc`"+` and so on measure one. Worlds: sim is virtual time, the same on every machine; live the engine in one
process, in real time; proc a process for each node. Without `+"`--world`"+`, each figure has its own: live for Fig. 3, sim for the others.
Exit codes: 0 everything that can be compared agrees, 1 something differs or was damaged, 2 wrong usage, 3 something could not be measured, 130 interrupted: what was measured until then is kept and shown.

This page is made of the results in [%[1]s](%[2]s). KBps are 1,000 bytes a second. A row agrees or differs by the tolerance that stands in it.

| figure | world | verdicts |
| --- | --- | --- |
`, strings.TrimPrefix(from, "../"), from)
	for _, s := range sections {
		for _, r := range s.Results {
			fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", s.Title, anchor(s.Title), r.World, r.Counts())
		}
		if len(s.Results) == 0 {
			fmt.Fprintf(&b, "| [%s](#%s) | | not measured |\n", s.Title, anchor(s.Title))
		}
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n**The paper** (section %s). %s\n\n**There.** %s\n\n**Here.** %s\n\n**Differences.** %s\n", s.Title, s.Section, s.Claim, s.There, s.Here, s.Differs)
		for i, r := range s.Results {
			docsResult(&b, &s, &r, from, i == 0)
		}
		for _, m := range s.Missing {
			fmt.Fprintf(&b, "\nNot in world %s.\n", m)
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func docsResult(b *strings.Builder, s *Section, r *Result, from string, first bool) {
	fmt.Fprintf(b, "\n### %s in world %s: %s\n\n", strings.SplitN(s.Title, ":", 2)[0], r.World, r.Counts())
	if ended := r.Ended(); ended != "" {
		fmt.Fprintf(b, "%s\n\n", ended)
	}
	if first { // the same picture again says little
		for _, c := range r.Charts {
			fmt.Fprintf(b, "![%s](%s)\n\n", c.Caption, path.Join(from, s.By.Folder(r.World), c.Name+".svg"))
		}
	}
	var rows [][]string
	for _, row := range r.Rows {
		rows = append(rows, row.Cells())
	}
	docsTable(b, RowHeads, rows)
	for _, t := range r.Tables {
		if len(t.Rows) <= mostDetails {
			fmt.Fprintf(b, "\n%s:\n\n", t.Title)
			docsTable(b, t.Head, t.Rows)
		}
	}
	fmt.Fprintf(b, "\n`%s`; recorded with `%s`. %s.\n", s.Command(r.World), r.Command, r.Where())
}

func docsTable(b *strings.Builder, head []string, rows [][]string) {
	line := func(cells []string) {
		b.WriteByte('|')
		for _, c := range cells {
			b.WriteString(" " + strings.ReplaceAll(c, "|", "\\|") + " |")
		}
		b.WriteByte('\n')
	}
	line(head)
	b.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, r := range rows {
		line(r)
	}
}

// anchor is a heading's, as GitHub makes it.
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}
