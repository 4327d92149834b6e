package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// emulFlags are the flags of "ioverlay node" that emulate a network.
type emulFlags struct {
	total, up, down string
	links           []string
	buffer          int
}

func (f *emulFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&f.total, "total", "unlimited", "emulated bandwidth of the node, in and out together, such as 400KBps")
	fl.StringVar(&f.up, "up", "unlimited", "emulated bandwidth of its links to downstream together")
	fl.StringVar(&f.down, "down", "unlimited", "emulated bandwidth of its links from upstream together")
	fl.StringArrayVar(&f.links, "link", nil, "emulate the link to a downstream: ADDRESS:PORT,rate=1MBps,latency=20ms,jitter=normal:2ms,loss=0.01, each part optional; may be given again")
	fl.IntVar(&f.buffer, "buffer", 0, "messages of --payload bytes in a link's buffers; 0 means the engine's default")
}

// emulated is what the flags ask for.
type emulated struct {
	node    emul.Bandwidth
	links   map[core.NodeID]emul.Link
	buffers engine.Buffers
}

func (f *emulFlags) read(payload int) (e emulated, err error) {
	for _, r := range []struct {
		flag, text string
		to         *emul.Rate
	}{{"total", f.total, &e.node.Total}, {"up", f.up, &e.node.Up}, {"down", f.down, &e.node.Down}} {
		if *r.to, err = emul.ParseRate(r.text); err != nil {
			return e, &usageError{r.flag, r.text, "a rate such as 400KBps or 1.5MBps, or unlimited"}
		}
	}
	e.links = make(map[core.NodeID]emul.Link)
	for _, text := range f.links {
		to, l, err := parseLink(text)
		if err != nil {
			return e, &usageError{"link", text, err.Error()}
		}
		e.links[to] = l
	}
	switch {
	case f.buffer < 0:
		return e, &usageError{"buffer", strconv.Itoa(f.buffer), "0, or a number of messages"}
	case f.buffer > 0:
		e.buffers = engine.Buffers{Messages: f.buffer, Payload: payload}
	}
	return e, nil
}

// parseLink reads a value of --link. The error says what is wanted.
func parseLink(text string) (to core.NodeID, l emul.Link, err error) {
	address, rest, _ := strings.Cut(text, ",")
	if to, _, err = parsePeer(address); err != nil {
		return to, l, fmt.Errorf("an address and port first, not %q", address)
	}
	for _, part := range splitList(rest) {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "rate":
			l.Rate, err = emul.ParseRate(value)
		case "latency":
			l.Latency, err = time.ParseDuration(value)
		case "jitter":
			name, spread, _ := strings.Cut(value, ":")
			if l.Jitter.Dist, err = emul.ParseDistribution(name); err == nil {
				l.Jitter.Spread, err = time.ParseDuration(spread)
			}
		case "loss":
			l.Loss, err = strconv.ParseFloat(value, 64)
		default:
			err = fmt.Errorf("unknown part %q", part)
		}
		if err != nil {
			return to, l, fmt.Errorf("rate=1MBps, latency=20ms, jitter=uniform|normal|exponential:2ms and loss=0.01 after the address (%w)", err)
		}
	}
	return to, l, l.Check()
}

// apply sets the links of a node, on its loop.
func (e emulated) apply(n *core.Node) {
	for to, l := range e.links { // in any order: no link depends on another
		n.SetLink(to, l)
	}
}
