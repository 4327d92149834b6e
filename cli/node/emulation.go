package node

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// emulFlags are the flags of "ioverlay node" that emulate a network.
type emulFlags struct {
	total, up, down string
	links           []string
	defaultLink     string
	buffer          int
}

// linkParts are what --link and --default-link have, as for the error of a wrong one.
const linkParts = "rate=1MBps, latency=20ms, jitter=uniform|normal|exponential:2ms, correlation=6ms, loss=0.01 and in-flight=64KiB"

func (f *emulFlags) define(fl *pflag.FlagSet) {
	fl.StringVar(&f.total, "total", "unlimited", "emulated bandwidth of the node, in and out together, such as 400KBps")
	fl.StringVar(&f.up, "up", "unlimited", "emulated bandwidth of its links to downstream together")
	fl.StringVar(&f.down, "down", "unlimited", "emulated bandwidth of its links from upstream together")
	fl.StringArrayVar(&f.links, "link", nil, "emulate the link to a downstream: ADDRESS:PORT,rate=1MBps,latency=20ms,jitter=normal:2ms,correlation=6ms,loss=0.01,in-flight=64KiB, each part optional; may be given again")
	fl.StringVar(&f.defaultLink, "default-link", "", "emulate the links that no --link names, with the same parts, such as latency=20ms; they are plain without it")
	fl.IntVar(&f.buffer, "buffer", 0, "messages of --payload bytes in a link's buffers; 0 means the engine's default")
}

// emulated is what the flags ask for.
type emulated struct {
	node    emul.Bandwidth
	links   map[core.NodeID]emul.Link
	plain   emul.Link // of the others
	buffers engine.Buffers
}

func (f *emulFlags) read(payload int) (e emulated, err error) {
	for _, r := range []struct {
		flag, text string
		to         *emul.Rate
	}{{"total", f.total, &e.node.Total}, {"up", f.up, &e.node.Up}, {"down", f.down, &e.node.Down}} {
		if *r.to, err = emul.ParseRate(r.text); err != nil {
			return e, console.Usage(r.flag, r.text, "a rate such as 400KBps or 1.5MBps, or unlimited")
		}
	}
	e.links = make(map[core.NodeID]emul.Link)
	for _, text := range f.links {
		to, l, err := parseLink(text)
		if err != nil {
			return e, console.Usage("link", text, err.Error())
		}
		e.links[to] = l
	}
	if e.plain, err = parseEmulation(f.defaultLink); err != nil {
		return e, console.Usage("default-link", f.defaultLink, err.Error())
	}
	switch {
	case f.buffer < 0:
		return e, console.Usage("buffer", strconv.Itoa(f.buffer), "0, or a number of messages")
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
	if l, err = parseEmulation(rest); err != nil {
		return to, l, fmt.Errorf("%w; after the address", err)
	}
	return to, l, nil
}

// parseEmulation reads the parts of --link and --default-link. The error says what is wanted.
func parseEmulation(text string) (l emul.Link, err error) {
	given := make(map[string]bool)
	for _, part := range console.SplitList(text) {
		key, value, _ := strings.Cut(part, "=")
		if given[key] {
			return l, fmt.Errorf("each of %s once (%s is there twice)", linkParts, key)
		}
		given[key] = true
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
		case "correlation":
			l.Jitter.Correlation, err = time.ParseDuration(value)
		case "loss":
			l.Loss, err = strconv.ParseFloat(value, 64)
		case "in-flight":
			l.Pipe, err = parseSize(value)
		default:
			err = fmt.Errorf("unknown part %q", part)
		}
		if err != nil {
			return l, fmt.Errorf("%s (%w)", linkParts, err)
		}
	}
	if given["in-flight"] && !l.Delays() {
		return l, errors.New("in-flight only with a latency or jitter: nothing is in flight without")
	}
	return l, l.Check()
}

// maxPipe is the most that --link lets be in flight: 1 TiB.
const maxPipe = 1 << 40

// parseSize reads a number of bytes, in the units of scenarios.
func parseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "BKMGi")
	for _, u := range spec.Units {
		if u.Name != text[len(number):] || !strings.HasSuffix(u.Name, "B") {
			continue
		}
		v, err := strconv.ParseFloat(number, 64)
		if size := v * u.Scale; err == nil && size >= 1 && size <= maxPipe {
			return int64(size), nil
		}
	}
	return 0, fmt.Errorf("%q is no size from 1B to 1024GiB such as 64KiB or 5MB", text)
}

// apply sets the links of a node, on its loop.
func (e emulated) apply(n *core.Node) {
	n.SetDefaultLink(e.plain)
	for to, l := range e.links { // in any order: no link depends on another
		n.SetLink(to, l)
	}
}
