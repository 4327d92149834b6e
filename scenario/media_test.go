package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Live media as a scenario says them: through a tree that loses a node midway, over a link that loses messages.
const media = `name: media
seed: 4
duration: 30s
algorithm: {name: tree, policy: stress}
bootstrap: all
default-link: {latency: 15ms, jitter: normal(2ms)}
nodes: [s, n1..n7]
applications:
  - {name: film, at: s, source: media, rate: 50 messages/s, delay: 800ms, from: 4s, until: 26s}
timeline:
  - {at: 500ms, join: {nodes: n1..n7, application: film}}
  - {at: 12s, kill: n1}
expect:
  - sent(s) = 1100
  - metric(stream_played, n2..n7) > 1000
  - metric(stream_bad) = 0
  - max(metric(stream_delay, n2..n7)) < 2s
  - mean(metric(stream_delay, n2..n7)) > 800ms
`

func TestMediaInVirtualTime(t *testing.T) {
	p, err := spec.Parse("media.yaml", []byte(media), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	if a := p.Apps[0]; a.Payload != 1340 || a.Delay != 800*time.Millisecond {
		t.Errorf("media of %d bytes, played after %v", a.Payload, a.Delay)
	}
	held(t, run(t, p, scenario.Options{World: "sim"}))
}

func TestWrongMedia(t *testing.T) {
	for change, says := range map[string]string{
		"rate: 50 messages/s, ->":                  "needs a rate",
		"delay: 800ms -> payload: 1000B":           "transport packets",
		"source: media -> source: back-to-back":    "has no rate",
		"media, rate -> constant-rate, rate":       "only media",
		"name: tree, policy: stress -> name: rlnc": "data in messages of its own",
	} {
		from, to, _ := strings.Cut(change, " ->")
		text := strings.Replace(media, from, strings.TrimSpace(to), 1)
		p, err := spec.Parse("media.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
		if err == nil {
			_, err = scenario.Run(t.Context(), p, scenario.Options{World: "sim"})
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", change, err, says)
		}
	}
}
