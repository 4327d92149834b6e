package observer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The actions of a Command.
const (
	SetBandwidth    = "set-bandwidth"    // Total, Up, Down
	SetLink         = "set-link"         // To, Rate, Latency, Jitter, Spread, Loss
	Deploy          = "deploy"           // App, B, Payload
	TerminateSource = "terminate-source" // App
	TerminateNode   = "terminate-node"
	Join            = "join"    // App, B
	Leave           = "leave"   // App, B
	SetWeight       = "weight"  // From, App, Weight
	Message         = "message" // Type, A, B, App, Payload
	Request         = "request"
)

// Actions are all of them, in the order in which help lists them.
var Actions = []string{SetBandwidth, SetLink, Deploy, TerminateSource, TerminateNode, Join, Leave, SetWeight, Message, Request}

// ErrCommand is what errors about commands wrap that make no sense.
var ErrCommand = errors.New("observer: a command that makes no sense")

// Command is an order to some nodes. Which fields count depends on the action; others must be left out.
type Command struct {
	Targets Targets `json:"targets"`
	Action  string  `json:"action"`

	App  uint32 `json:"app,omitempty"`
	A    int32  `json:"a,omitempty"`
	B    int32  `json:"b,omitempty"`
	Type uint16 `json:"type,omitempty"` // of a message: 17 (control), or 256 to 32767

	Payload       string `json:"payload,omitempty"`       // text
	PayloadBase64 []byte `json:"payloadBase64,omitempty"` // or bytes

	Total float64 `json:"total,omitempty"` // bytes a second; 0 is no limit
	Up    float64 `json:"up,omitempty"`
	Down  float64 `json:"down,omitempty"`

	To      Target  `json:"to,omitzero"`       // the other end of a link
	Rate    float64 `json:"rate,omitempty"`    // bytes a second; 0 is no limit
	Latency float64 `json:"latency,omitempty"` // seconds
	Jitter  string  `json:"jitter,omitempty"`  // uniform, normal or exponential
	Spread  float64 `json:"spread,omitempty"`  // of the jitter, seconds
	Loss    float64 `json:"loss,omitempty"`    // share of messages, 0 to 1

	From   Target `json:"from,omitzero"` // upstream; none: the sources of the node itself
	Weight int    `json:"weight,omitempty"`
}

// Result is what became of a command at one of its targets. That it was sent does not say that it was obeyed: the next
// status shows that.
type Result struct {
	Node  *uint32 `json:"node"` // index; nil if there is no such node
	Named string  `json:"named,omitempty"`
	Sent  bool    `json:"sent"`
	Error string  `json:"error,omitempty"`
}

// Check says what is wrong with a command, whomever it is for. Errors wrap ErrCommand.
func (c *Command) Check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", ErrCommand, c.Action, fmt.Sprintf(format, args...))
	}
	if !slices.Contains(Actions, c.Action) {
		return fmt.Errorf("%w: the action %.40q: use one of %s", ErrCommand, c.Action, strings.Join(Actions, ", "))
	}
	if !c.Targets.All && len(c.Targets.List) == 0 {
		return wrong("it has no targets: name nodes, or \"all\"")
	}
	if c.Payload != "" && len(c.PayloadBase64) > 0 {
		return wrong("payload and payloadBase64 are two ways to say the same: leave one out")
	}
	if extra := c.surplus(); extra != "" {
		return wrong("%s is no part of it: leave it out", extra)
	}
	switch c.Action {
	case SetBandwidth:
		for _, r := range []float64{c.Total, c.Up, c.Down} {
			if !rate(r) {
				return wrong("a rate of %v bytes a second: use 0 for none, or up to %v", r, float64(maxRate))
			}
		}
	case SetLink:
		return c.checkLink(wrong)
	case Deploy, TerminateSource, Join, Leave:
		if c.App == 0 {
			return wrong("which application? app is a number from 1 up")
		}
	case SetWeight:
		if c.App == 0 || c.Weight < 1 || c.Weight > core.MaxWeight {
			return wrong("app is a number from 1 up, and weight 1 to %d", core.MaxWeight)
		}
	case Message:
		if t := core.Type(c.Type); t != wire.TypeControl && (t < wire.FirstAlgorithmType || t > wire.MaxType) {
			return wrong("the type %d: use %d (control), or one of an algorithm, %d to %d", c.Type, wire.TypeControl, wire.FirstAlgorithmType, wire.MaxType)
		}
	}
	return nil
}

// maxRate is the most that is understood for a rate: what fits into the integers of the message.
const maxRate = 1 << 50

func rate(r float64) bool { return r >= 0 && r <= maxRate } // false for NaN

func (c *Command) checkLink(wrong func(string, ...any) error) error {
	switch {
	case c.To.IsZero():
		return wrong("which link? to names its other end")
	case !rate(c.Rate):
		return wrong("a rate of %v bytes a second: use 0 for none, or up to %v", c.Rate, float64(maxRate))
	case !(c.Latency >= 0 && c.Latency <= 3600 && c.Spread >= 0 && c.Spread <= 3600):
		return wrong("a latency of %v s with a spread of %v s: both are 0 to 3600", c.Latency, c.Spread)
	case !(c.Loss >= 0 && c.Loss <= 1):
		return wrong("a loss of %v: it is a share, 0 to 1", c.Loss)
	}
	if c.Jitter == "" && c.Spread > 0 {
		return wrong("a spread without jitter: use uniform, normal or exponential")
	}
	e, err := c.link()
	if err == nil {
		err = e.Check()
	}
	if err != nil {
		return wrong("%v", err)
	}
	return nil
}

// link is what the command says of a link.
func (c *Command) link() (e emul.Link, err error) {
	e = emul.Link{Rate: emul.Rate(c.Rate), Latency: seconds(c.Latency), Loss: c.Loss}
	e.Jitter.Spread = seconds(c.Spread)
	if c.Jitter != "" {
		e.Jitter.Dist, err = emul.ParseDistribution(c.Jitter)
	}
	return e, err
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// bytes are the payload, however it was written.
func (c *Command) bytes() []byte {
	if c.Payload != "" {
		return []byte(c.Payload)
	}
	return c.PayloadBase64
}

// parts are the fields that actions have, by their names in JSON.
var parts = map[string]string{
	SetBandwidth: "total up down", SetLink: "to rate latency jitter spread loss", Deploy: "app b payload payloadBase64",
	TerminateSource: "app", TerminateNode: "", Join: "app b", Leave: "app b", SetWeight: "from app weight",
	Message: "type a b app payload payloadBase64", Request: "",
}

// Parts are the fields that an action has, by their names in JSON.
func Parts(action string) []string { return strings.Fields(parts[action]) }

// surplus is the name of a field that was given and that the action does not have; "" if there is none. What is silently
// ignored is a mistake that nobody sees.
func (c *Command) surplus() string {
	allowed := Parts(c.Action)
	for _, f := range c.fields() {
		if f.text != "" && !slices.Contains(allowed, f.name) {
			return f.name
		}
	}
	return ""
}

// field is one that was given, as text.
type field struct{ name, text string }

func (c *Command) fields() []field {
	number := func(v float64) string {
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return []field{
		{"app", number(float64(c.App))}, {"a", number(float64(c.A))}, {"b", number(float64(c.B))}, {"type", number(float64(c.Type))},
		{"total", number(c.Total)}, {"up", number(c.Up)}, {"down", number(c.Down)},
		{"to", c.To.String()}, {"rate", number(c.Rate)}, {"latency", number(c.Latency)}, {"jitter", c.Jitter},
		{"spread", number(c.Spread)}, {"loss", number(c.Loss)}, {"from", c.From.String()}, {"weight", number(float64(c.Weight))},
		{"payload", c.Payload}, {"payloadBase64", base64.StdEncoding.EncodeToString(c.PayloadBase64)},
	}
}

// CommandLine is the command for "ioverlay ctl" that does the same, without the observer's address.
func (c *Command) CommandLine() string {
	words := []string{"ioverlay", "ctl", c.Action}
	for _, f := range c.fields() {
		if f.text != "" {
			words = append(words, "--"+flagOf(f.name), quoted(f.text))
		}
	}
	if c.Targets.All {
		words = append(words, "--target", "all")
	}
	for _, t := range c.Targets.List {
		words = append(words, "--target", quoted(t.String()))
	}
	return strings.Join(words, " ")
}

// flagOf is the flag for a field.
func flagOf(name string) string {
	if name == "payloadBase64" {
		return "payload-base64"
	}
	return name
}

// quoted is a word that a shell takes for one word and for nothing else.
func quoted(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.,:/=@%+[]", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 && !strings.ContainsAny(word, "[]") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// String says in words what the command asks for, for logs.
func (c *Command) String() string {
	text := c.Action
	for _, f := range c.fields() {
		if f.text != "" {
			text += " " + f.name + "=" + clean(f.text, maxName)
		}
	}
	return text
}
