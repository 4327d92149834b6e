package spec

import (
	"strings"
	"testing"
)

func TestObserversAndPlacesThatAreWrong(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"observer: nowhere", "127.0.0.1:7000"}, {"observer: 0.0.0.0:7000", "127.0.0.1:7000"}, {"observer: 10.0.0.1:0", "127.0.0.1:7000"}, {"observer: []", "no observer"},
		{"observer: [10.0.0.1:1, x]", `"x"`},
	} {
		_, err := Parse("t.yaml", []byte("name: t\nduration: 1s\nnodes: [A]\napplications: []\n"+c.line+"\n"), Options{Algorithms: noAlgorithms{}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.line, err, c.says)
		}
	}
	for _, c := range []struct{ place, says string }{
		{"{lat: 91, lon: 0}", "latitude"}, {"{lat: x, lon: 0}", "angle"}, {"{lat: 0, lon: 181}", "angle"}, {"{lat: 0}", "lon"}, {"Berlin", "mapping"},
	} {
		_, err := Parse("t.yaml", []byte("name: t\nduration: 1s\nnodes: [{names: A, place: "+c.place+"}]\napplications: []\n"), Options{Algorithms: noAlgorithms{}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.place, err, c.says)
		}
	}
	p, err := Parse("t.yaml", []byte("name: t\nduration: 1s\nobserver: [10.0.0.1:1, 10.0.0.2:1]\nnodes: [{names: A..B, group: g, place: {lat: 1.5, lon: -2, label: x}}]\napplications: []\n"), Options{Algorithms: noAlgorithms{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Observers) != 2 || p.Nodes[1].Group != "g" || *p.Nodes[1].Place != (Spot{Lat: 1.5, Lon: -2, Label: "x"}) {
		t.Errorf("read %v and %+v", p.Observers, p.Nodes[1])
	}
}

// noAlgorithms knows relay alone.
type noAlgorithms struct{}

func (noAlgorithms) Names() []string                 { return []string{"relay"} }
func (noAlgorithms) Params(n string) ([]Param, bool) { return nil, n == "relay" }
