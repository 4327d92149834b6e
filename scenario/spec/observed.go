package spec

import (
	"math"
	"net/netip"
	"strconv"

	"github.com/invopop/jsonschema"
)

// What observers see: whom the nodes report to, and what they say of themselves.

// Observers are addresses of observers: one, or a list. The first gives orders.
type Observers struct {
	Span Span
	List []netip.AddrPort
}

func (v *Observers) read(d *decoder, t *tree) {
	v.Span = t.at
	items := []*tree{t}
	if t.shape == shapeList {
		items = t.items
	}
	for _, item := range items {
		text := d.text(item)
		if item.shape != shapeText {
			continue
		}
		at, err := ParseObserver(text)
		if err != nil {
			d.report(item.at, "Write the address that the observer listens on, such as 127.0.0.1:7000.", "%q is no address of an observer", text)
			continue
		}
		v.List = append(v.List, at)
	}
	if len(items) == 0 {
		d.report(t.at, "Leave it out.", "no observer is named")
	}
}

// ParseObserver reads the address of an observer: an IP address that a node can have, and a port.
func ParseObserver(text string) (netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(text)
	if err == nil && (at.Port() == 0 || at.Addr().IsUnspecified() || at.Addr().IsMulticast() || at.Addr().Zone() != "") {
		err = strconv.ErrRange
	}
	return at, err
}

// Place is where nodes are said to be, for maps.
type Place struct {
	placed
	Lat   Degrees `yaml:"lat" jsonschema_description:"Degrees north of the equator, -90 to 90."`
	Lon   Degrees `yaml:"lon" jsonschema_description:"Degrees east of Greenwich, -180 to 180."`
	Label string  `yaml:"label,omitempty" jsonschema_description:"What people call it."`
}

func (v *Place) check(d *decoder) {
	if math.Abs(v.Lat.Degrees) > 90 {
		d.report(v.Lat.Span, "Write -90 to 90.", "there is no latitude of %v degrees", v.Lat.Degrees)
	}
}

// Degrees are those of a latitude or longitude.
type Degrees struct {
	Span    Span
	Degrees float64
}

func (v *Degrees) read(d *decoder, t *tree) {
	v.Span = t.at
	text := d.text(t)
	if t.shape != shapeText {
		return
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(x) <= 180) {
		d.report(t.at, "Write a number of degrees from -180 to 180, such as 13.4.", "%q is no angle", text)
		return
	}
	v.Degrees = x
}

// observersSchema allows an address or a list of some.
func observersSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Type: "string"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: one}}, Description: "Addresses such as 127.0.0.1:7000."}
}

// Spot is where a node is.
type Spot struct {
	Lat, Lon float64 // degrees
	Label    string
}

// spot is where the nodes of a group are; nil if nobody says.
func (g *NodeGroup) spot() *Spot {
	if g.Place == nil {
		return nil
	}
	return &Spot{Lat: g.Place.Lat.Degrees, Lon: g.Place.Lon.Degrees, Label: g.Place.Label}
}
