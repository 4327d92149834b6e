package paper

import (
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/ioverlay/ioverlay/bench/figure"
)

//go:embed report.html.tmpl
var reportText string

var report = template.Must(template.New("report").Funcs(template.FuncMap{"svg": inline}).Parse(reportText))

// inline is a picture as the source of an image.
func inline(p figure.Picture) (template.URL, error) {
	svg, err := figure.SVG(p)
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)), err //nolint:gosec // our own chart, in letters of base64
}

// WriteHTML writes one page with everything that was measured, which asks for nothing from outside.
func WriteHTML(w io.Writer, all []*Data) error {
	sections, err := Sections(all)
	if err != nil {
		return err
	}
	return report.Execute(w, map[string]any{"Sections": sections, "Env": env(all)})
}
