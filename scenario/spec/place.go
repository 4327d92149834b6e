package spec

import (
	"math"
	"strconv"
)

// Place is where nodes are on a map. It emulates nothing.
type Place struct {
	placed
	Lat   Degrees `yaml:"lat" jsonschema_description:"Degrees north, from -90 to 90."`
	Lon   Degrees `yaml:"lon" jsonschema_description:"Degrees east, from -180 to 180."`
	Label string  `yaml:"label,omitempty" jsonschema_description:"What the place is called."`
}

// Degrees are an angle.
type Degrees struct {
	Span  Span
	Value float64
}

func (v *Degrees) read(d *decoder, t *tree) {
	v.Span = t.at
	if !d.want(t, shapeText) {
		return
	}
	n, err := strconv.ParseFloat(t.text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		d.report(t.at, "Write degrees, such as 52.5 or -33.9.", "%q is no number of degrees", t.text)
		return
	}
	v.Value = n
}

func (v *Place) check(d *decoder) {
	for _, c := range [...]struct {
		Degrees
		most float64
		what string
	}{{v.Lat, 90, "latitude"}, {v.Lon, 180, "longitude"}} {
		if math.Abs(c.Value) > c.most {
			d.report(c.Span, "", "a %s is from %v to %v degrees", c.what, -c.most, c.most)
		}
	}
	v.Label = d.short(v.Span, "the label of a place", v.Label)
}

// maxLabel bounds what is said of a node for people.
const maxLabel = 200

// short is a text that is not too long to be shown.
func (d *decoder) short(at Span, what, text string) string {
	if len(text) > maxLabel {
		d.report(at, "", "%s has at most %d bytes", what, maxLabel)
	}
	return text
}

func (v *NodeGroup) check(d *decoder) { v.Group = d.short(v.Span, "the group of nodes", v.Group) }
