package node

import (
	"math"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/observer/report"
)

// readPlace reads the value of --place; nil without any.
func readPlace(text string) (*algos.Place, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.SplitN(text, ",", 3)
	if len(parts) >= 2 {
		lat, err1 := strconv.ParseFloat(strings.TrimSpace(parts[0]), 64)
		lon, err2 := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
		if err1 == nil && err2 == nil && math.Abs(lat) <= 90 && math.Abs(lon) <= 180 {
			p := &algos.Place{Lat: lat, Lon: lon}
			if len(parts) == 3 {
				p.Label = strings.TrimSpace(parts[2])
			}
			return p, nil
		}
	}
	return nil, console.Usage("place", text, "latitude,longitude,label in degrees, -90 to 90 north and -180 to 180 east, such as 52.5,13.4,Berlin")
}

// observed lets observers see an algorithm.
func (f nodeFlags) observed(alg core.Algorithm, observers []core.NodeID) error {
	if len(observers) == 0 {
		return nil
	}
	place, err := readPlace(f.place)
	if err != nil {
		return err
	}
	o := report.Options{Observers: observers, Group: f.group, Algorithm: f.algorithm.Name, Place: place}
	if f.named {
		o.Name = f.name
	}
	return report.To(alg, o)
}
