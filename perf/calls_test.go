package perf

import "testing"

func TestCallsAMessage(t *testing.T) {
	r := &Report{Messages: 1000}
	r.AddCall("read", 40, 40*128_000)
	r.AddCall("empty", 0, 0)
	r.AddCallAtLeast("poll", 30)
	want := []Call{
		{Name: "read", Count: 40, PerMessage: 0.04, MeanBytes: 128_000},
		{Name: "empty"},
		{Name: "poll", Count: 30, AtLeast: true, PerMessage: 0.03},
	}
	if len(r.Calls) != len(want) {
		t.Fatalf("%d kinds of calls, want %d", len(r.Calls), len(want))
	}
	for i, c := range r.Calls {
		if c != want[i] {
			t.Errorf("%+v, want %+v", c, want[i])
		}
	}
}
