package apps

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/core"
)

// Deploy starts a source at a node, as the payload of a deploy message asks for (paper, section 2.2, The Observer): words
// such as "rate=200 payload=1000 messages=5000". Without rate, in messages a second, it is back to back. payload is bytes in
// a message, 5120 without it; messages is how many, 0 or nothing for no end. A node has one such source of an application at a
// time: it is told of whoever deploys a second one, by an error.
func Deploy(n *core.Node, app uint32, words string) error {
	s := Stream{App: app, Payload: 5120}
	rate := 0.0
	for _, word := range strings.Fields(words) {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "rate":
			if rate, err = strconv.ParseFloat(value, 64); err == nil && !(rate > 0 && rate <= 1e9) {
				err = fmt.Errorf("%s is not above 0 and at most 1e9", value)
			}
		case "payload":
			if s.Payload, err = strconv.Atoi(value); err == nil && (s.Payload < 0 || s.Payload > maxDeployed(n)) {
				err = fmt.Errorf("%s is not 0 to %d", value, maxDeployed(n))
			}
		case "messages":
			s.Limit, err = strconv.ParseUint(value, 10, 64)
		default:
			err = fmt.Errorf("there is no such word")
		}
		if err != nil {
			return fmt.Errorf("apps: deploy with %.40q: %w; use rate=200 payload=1000 messages=5000, each optional", word, err)
		}
	}
	for _, l := range n.Stats().Upstream {
		if l.App == app && l.From.IsZero() {
			return fmt.Errorf("apps: there is a source of application %d here already: terminate it first", app)
		}
	}
	if rate > 0 {
		n.AddSource(app, NewConstantRate(s, rate))
	} else {
		n.AddSource(app, NewBackToBack(s))
	}
	return nil
}

// maxDeployed is the largest payload of a message that the node can make, whatever its address.
func maxDeployed(n *core.Node) int { return n.Config().MaxPayload - 16 }
