package spec_test

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

func TestPlacesAndGroups(t *testing.T) {
	t.Parallel()
	p := parse(t, `
name: places
duration: 1s
nodes:
  - {names: a, group: gateway, place: {lat: 52.5, lon: 13.4, label: Berlin}}
  - {names: "b, c", place: {lat: -33.9, lon: 151}}
  - d
applications: [{name: x, at: a, source: back-to-back}]
`)
	a, c, d := p.Nodes[0], p.Nodes[2], p.Nodes[3]
	if a.Group != "gateway" || a.Place.Lat.Value != 52.5 || a.Place.Lon.Value != 13.4 || a.Place.Label != "Berlin" {
		t.Errorf("a is %+v", a)
	}
	if c.Place.Lat.Value != -33.9 || c.Place.Lon.Value != 151 || c.Group != "" {
		t.Errorf("c is %+v", c)
	}
	if d.Place != nil {
		t.Errorf("d is at %+v", d.Place)
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	t.Parallel()
	for place, want := range map[string]string{
		"{lat: 91, lon: 0}":      "a latitude is from -90 to 90",
		"{lat: 0, lon: -180.5}":  "a longitude is from -180 to 180",
		"{lat: north, lon: 0}":   `"north" is no number of degrees`,
		"{lat: NaN, lon: 0}":     "is no number of degrees",
		"{lat: 1}":               `the key "lon" is missing`,
		"{lat: 1, lon: 1, x: 1}": `unknown key "x"`,
		"{lat: 1, lon: 1, label: " + strings.Repeat("x", 201) + "}": "at most 200 bytes",
	} {
		_, err := spec.Parse("x.yaml", []byte("name: x\nduration: 1s\nnodes:\n  - {names: a, place: "+place+"}\napplications: [{name: x, at: a, source: back-to-back}]\n"), spec.Options{Algorithms: known{}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", place, err)
		}
	}
}
