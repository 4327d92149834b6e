package experiment

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
)

// stubborn does not return from its first message of data for as long as a channel is open.
type stubborn struct {
	*relay.Relay
	until chan struct{}
}

func (s stubborn) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		<-s.until
	}
	return s.Relay.Process(m)
}

// In a process with a run that hangs nothing more is run: it would use a core beside all others. The next call goes on.
func TestHangStops(t *testing.T) {
	until := make(chan struct{})
	t.Cleanup(func() { close(until) })
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "stubborn", New: func(e scenario.Env) (core.Algorithm, error) {
		return stubborn{relay.New(nil, e.Downstreams...), until}, nil
	}})
	path, dir := write(t, "x.yaml", strings.Replace(lossyExperiment, "[relay]", "[stubborn, relay]", 1), "lossy.yaml", lossy), t.TempDir()
	e := load(t, path)
	e.Seeds = []uint64{1}
	o := Options{Dir: dir, Registry: r, Workers: 1, NoCharts: true, HangAfter: 500 * time.Millisecond}
	for failed := 1; failed <= 4; failed++ {
		res, err := e.Run(t.Context(), o)
		if !errors.Is(err, scenario.ErrHung) || !strings.Contains(err.Error(), "algorithm = stubborn") {
			t.Fatalf("%v", err)
		}
		if len(res.Rows) != failed || res.Count(Failed) != failed || res.Analysis.Failed != failed || !strings.Contains(res.Rows[0].Error, "has not returned") {
			t.Fatalf("%d rows, %d failed: %+v", len(res.Rows), res.Count(Failed), res.Rows)
		}
	}
	if res, err := e.Run(t.Context(), o); err != nil || len(res.Rows) != 8 || res.Count(Failed) != 4 || res.Earlier != 4 {
		t.Errorf("%v", err)
	}
}
