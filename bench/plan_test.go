package bench

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func testPlan(kinds ...string) Plan {
	p := Plan{Nodes: []int{2, 3}, PayloadBytes: 100, Loops: 1, Warmup: time.Millisecond,
		Duration: 20 * time.Millisecond, Rounds: 3, LatencyRounds: 1, RatePerSecond: 1000}
	for _, name := range kinds {
		p.Kinds = append(p.Kinds, Kind{Name: name, Role: RoleBaseline})
	}
	return p
}

func TestSpecsInterleaveAndRotate(t *testing.T) {
	p := testPlan("a", "b", "c")
	p.Rounds, p.LatencyRounds = 3, 1
	var order strings.Builder
	for i, s := range p.Specs() {
		if i%len(p.Kinds) == 0 {
			order.WriteString(" ")
		}
		order.WriteString(s.Kind)
		if s.Pass == PassLatency && s.RatePerSecond != 1000 || s.Pass == PassThroughput && s.RatePerSecond != 0 {
			t.Errorf("rate %v in the %s pass", s.RatePerSecond, s.Pass)
		}
	}
	if got, want := order.String(), " abc abc bca bca cab cab abc abc"; got != want {
		t.Errorf("order%s, want%s", got, want)
	}
}

func TestEveryKindTakesEveryPosition(t *testing.T) {
	p := testPlan("a", "b", "c", "d", "e")
	p.Rounds = len(p.Kinds)
	first := make(map[string]int)
	for i, s := range p.Specs() {
		if s.Pass == PassThroughput && i%len(p.Kinds) == 0 {
			first[s.Kind]++
		}
	}
	for _, k := range p.Kinds {
		if first[k.Name] != len(p.Nodes) {
			t.Errorf("%s came first %d times in %d rounds, want once a length", k.Name, first[k.Name], p.Rounds)
		}
	}
}

func TestPlanValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Plan)
		want   error
	}{
		{"good", func(*Plan) {}, nil},
		{"no latency pass", func(p *Plan) { p.LatencyRounds, p.RatePerSecond = 0, 0 }, nil},
		{"no kinds", func(p *Plan) { p.Kinds = nil }, ErrPlan},
		{"no lengths", func(p *Plan) { p.Nodes = nil }, ErrPlan},
		{"a length twice", func(p *Plan) { p.Nodes = []int{2, 3, 2} }, ErrPlan},
		{"a kind twice", func(p *Plan) { p.Kinds = append(p.Kinds, p.Kinds[0]) }, ErrPlan},
		{"no rounds", func(p *Plan) { p.Rounds = 0 }, ErrPlan},
		{"negative latency rounds", func(p *Plan) { p.LatencyRounds = -1 }, ErrPlan},
		{"one node", func(p *Plan) { p.Nodes = []int{1} }, ErrSpec},
		{"too many nodes", func(p *Plan) { p.Nodes = []int{MaxNodes + 1} }, ErrSpec},
		{"payload too small", func(p *Plan) { p.PayloadBytes = MinPayloadBytes - 1 }, ErrSpec},
		{"payload too large", func(p *Plan) { p.PayloadBytes = MaxPayloadBytes + 1 }, ErrSpec},
		{"no loops", func(p *Plan) { p.Loops = 0 }, ErrSpec},
		{"too short", func(p *Plan) { p.Duration = MinDuration - 1 }, ErrSpec},
		{"too long", func(p *Plan) { p.Duration = MaxDuration + 1 }, ErrSpec},
		{"negative warm-up", func(p *Plan) { p.Warmup = -1 }, ErrSpec},
		{"no rate", func(p *Plan) { p.RatePerSecond = 0 }, ErrSpec},
		{"rate too high", func(p *Plan) { p.RatePerSecond = MaxRate + 1 }, ErrSpec},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := testPlan("a", "b")
			test.change(&p)
			if err := p.Validate(); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestFindKindListsWhatThereIs(t *testing.T) {
	_, err := FindKind(Kinds(), "carrier-pigeon")
	if !errors.Is(err, ErrUnknownKind) {
		t.Fatalf("got %v, want %v", err, ErrUnknownKind)
	}
	for _, k := range Kinds() {
		if !strings.Contains(err.Error(), k.Name) {
			t.Errorf("%q does not name %s", err, k.Name)
		}
		if found, err := FindKind(Kinds(), k.Name); err != nil || found.Name != k.Name {
			t.Errorf("looking for %s found %q, error %v", k.Name, found.Name, err)
		}
	}
}
