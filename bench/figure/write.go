package figure

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Picture is anything that can be drawn.
type Picture interface {
	// Size is in points.
	Size() (width, height vg.Length)
	// Draw draws onto a page of that size.
	Draw(page draw.Canvas) error
}

// dotsPerInch of PNG files: twice as many dots as points, about.
const dotsPerInch = 144

// Write draws a picture into NAME.svg and NAME.png of a directory, and returns both files.
func Write(p Picture, dir, name string) (files []string, err error) {
	svg, err := SVG(p)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	png, err := PNG(p)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	for _, f := range []struct {
		ending string
		text   []byte
	}{{".svg", svg}, {".png", png}} {
		path := filepath.Join(dir, name+f.ending)
		if err := os.WriteFile(path, f.text, 0o644); err != nil {
			return files, fmt.Errorf("write a chart: %w", err)
		}
		files = append(files, path)
	}
	return files, nil
}

// SVG is a picture as a file's text. The same picture gives the same text.
func SVG(p Picture) ([]byte, error) {
	canvas := vgsvg.New(p.Size())
	if err := p.Draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return withFonts(out.Bytes()), nil
}

// withFonts names other fonts beside the one that the canvas measured with: they have the same measures or are near.
func withFonts(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

// PNG is a picture as a file's bytes.
func PNG(p Picture) ([]byte, error) {
	width, height := p.Size()
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dotsPerInch))
	if err := p.Draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Side draws pictures side by side.
type Side []Picture

// Size implements Picture.
func (s Side) Size() (width, height vg.Length) {
	for _, p := range s {
		w, h := p.Size()
		width, height = width+w, max(height, h)
	}
	return width, height
}

// Draw implements Picture.
func (s Side) Draw(page draw.Canvas) error {
	left := page.Min.X
	for _, p := range s {
		w, h := p.Size()
		part := draw.Canvas{Canvas: page.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: left, Y: page.Max.Y - h}, Max: vg.Point{X: left + w, Y: page.Max.Y}}}
		if err := p.Draw(part); err != nil {
			return err
		}
		left += w
	}
	return nil
}
