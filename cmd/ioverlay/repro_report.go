package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/bench/paper"
	"github.com/ioverlay/ioverlay/cli/console"
)

const reproReportHelp = `Make the pages of results that are there, without measuring anything: report.html, which needs
nothing beside it, the page of the documentation, and the charts in the folders of the results.

--from is a directory that "ioverlay repro all --out" has made.`

// pages are the files to make; empty ones are not made.
type pages struct{ html, docs string }

func (a *app) reproReport() *cobra.Command {
	var from string
	var p pages
	charts := false
	cmd := &cobra.Command{
		Use: "report", Short: "Make the pages of results that are there", Long: reproReportHelp, Args: cobra.NoArgs,
		Example: "  ioverlay repro report --from out/repro --html report.html\n" +
			"  ioverlay repro report --from bench/results/2026-11-zen5-2-cores/reproduction --docs docs/reproduction.md --charts",
		RunE: func(*cobra.Command, []string) error {
			switch {
			case from == "":
				return console.Usage("from", from, "a directory of results")
			case p == (pages{}) && !charts:
				return console.Usage("html", "", "a file, unless --docs or --charts is given")
			}
			if charts {
				if err := a.drawCharts(from); err != nil {
					return err
				}
			}
			return a.writePages(from, p)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "directory with the results")
	cmd.Flags().StringVar(&p.html, "html", "", "file for the page that needs nothing beside it")
	cmd.Flags().StringVar(&p.docs, "docs", "", "file for the page of the documentation, which links charts")
	cmd.Flags().BoolVar(&charts, "charts", false, "draw the charts again, as SVG")
	return cmd
}

// writePages makes pages of the results in a directory. Without any results there is no page, which is no error here: who measured
// has said why.
func (a *app) writePages(from string, p pages) error {
	all, err := paper.Load(from)
	if err != nil {
		return console.InFile(err)
	}
	if p.html != "" {
		if err := a.writePage(p.html, func(w io.Writer) error { return paper.WriteHTML(w, all) }); err != nil {
			return err
		}
	}
	if p.docs == "" {
		return nil
	}
	relative, err := filepath.Rel(filepath.Dir(p.docs), from)
	if err != nil {
		return fmt.Errorf("link %s from %s: %w", from, p.docs, err)
	}
	return a.writePage(p.docs, func(w io.Writer) error { return paper.WriteDocs(w, all, filepath.ToSlash(relative)) })
}

func (a *app) writePage(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("create the page: %w", err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintf(a.Err, "wrote %s\n", name)
	return nil
}

// drawCharts draws the charts of the results in a directory again, each into its own folder.
func (a *app) drawCharts(from string) error {
	all, err := paper.Load(from)
	if err != nil {
		return console.InFile(err)
	}
	sections, err := paper.Sections(all)
	if err != nil {
		return err
	}
	for _, s := range sections {
		for _, r := range s.Results {
			for _, c := range r.Charts {
				svg, err := figure.SVG(c.Picture)
				if err == nil {
					err = os.WriteFile(filepath.Join(r.Dir, c.Name+".svg"), svg, 0o644)
				}
				if err != nil {
					return fmt.Errorf("draw %s again: %w", c.Name, err)
				}
			}
		}
	}
	return nil
}
