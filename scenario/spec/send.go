package spec

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Send is a message that the timeline gives to the algorithms of nodes.
type Send struct {
	placed
	To      Targets     `yaml:"to" jsonschema_description:"The nodes that get it: names and ranges, or random(3), or random(3, n1..n50)."`
	Type    MessageType `yaml:"type" jsonschema_description:"Its type: a name that the algorithm registers, or a number from 256."`
	A       *Parameter  `yaml:"a,omitempty" jsonschema_description:"Its first parameter. Default 0."`
	B       *Parameter  `yaml:"b,omitempty" jsonschema_description:"Its second parameter. Default 0."`
	App     *AppNumber  `yaml:"app,omitempty" jsonschema_description:"Its application: a name or a number. Default 0, control."`
	Payload string      `yaml:"payload,omitempty" jsonschema_description:"Its payload, as text."`
	Hex     *HexBytes   `yaml:"payload-hex,omitempty" jsonschema_description:"Its payload, as hexadecimal digits: 07 ff."`
	Every   *Duration   `yaml:"every,omitempty" jsonschema_description:"How long until it is sent again. Default once."`
	Until   *Duration   `yaml:"until,omitempty" jsonschema_description:"With every: when it is sent last at the latest. Default the end of the run."`
}

func (v *Send) check(d *decoder) {
	switch {
	case v.Until != nil && v.Every == nil:
		d.report(v.Until.Span, "Add every, such as every: 200ms, or leave until out.", "what is sent once has no use for until")
	case v.Every != nil && v.Every.Duration <= 0:
		d.report(v.Every.Span, "", "what is sent again is sent after more than 0s")
	case v.Hex != nil && v.Payload != "":
		d.report(v.Hex.Span, "Keep one of them.", "a message has one payload: payload or payload-hex")
	case len(v.Payload) > maxPayload, v.Hex != nil && len(v.Hex.Bytes) > maxPayload:
		d.report(v.Span, "", "a message carries at most 1 MiB")
	}
}

// Types of messages that a file may name by their numbers: those below are the
// engine's, and those above no header can hold.
const (
	FirstSendType = 256
	LastSendType  = 1<<15 - 1
)

// TypedAlgorithms are algorithms that have names for types of their messages.
type TypedAlgorithms interface {
	Algorithms
	// Types are the types that an algorithm has names for.
	Types(algorithm string) map[string]uint16
}

// Targets are nodes that something is sent to: named, or drawn.
type Targets struct {
	Span   Span
	Random int     // how many are drawn of the set; 0: all of it
	Set    NodeSet // everybody if nothing is said
}

const randomWord = "random"

func (v *Targets) read(d *decoder, t *tree) {
	v.Span = t.at
	if t.shape == shapeList {
		v.Set.read(d, t)
		return
	}
	p := d.phrase(t)
	if next := p.peekSecond(); !p.is(randomWord) || next.text != "(" {
		v.Set = p.nodes()
		p.end()
		return
	}
	p.take()
	p.expect("(")
	at := p.peek().at
	k := p.of(dimNumber)
	if !p.broken && (k != math.Trunc(k) || k < 1 || k > maxNodes) {
		p.fail(at, "Write how many are drawn, such as random(3).", "here belongs a whole number from 1 to %d", maxNodes)
	}
	v.Random, v.Set = int(k), NodeSet{Span: t.at, Parts: []NodeRange{{Span: t.at, All: true}}}
	if p.accept(",") {
		v.Set = p.nodes()
	}
	p.expect(")")
	p.end()
}

// MessageType is a type of messages in a file.
type MessageType struct {
	Span   Span
	Name   string // as it is written
	Number uint16 // 0: a name
}

func (v *MessageType) read(d *decoder, t *tree) {
	v.Span, v.Name = t.at, strings.TrimSpace(d.text(t))
	if t.shape != shapeText {
		return
	}
	if v.Name == "" {
		d.report(t.at, "", "the type of a message belongs here")
		return
	}
	if c := v.Name[0]; !isDigit(c) && c != '-' && c != '+' {
		return
	}
	n, err := strconv.ParseInt(v.Name, 10, 64)
	switch {
	case err != nil:
		d.report(t.at, "Write a name, or a number such as 1024.", "%q is neither a number nor the name of a type", v.Name)
	case n < FirstSendType && n >= 0:
		d.report(t.at, fmt.Sprintf("Types of algorithms begin at %d, and those of users at 1024.", FirstSendType), "the type %d is the engine's own and cannot be sent", n)
	case n < 0 || n > LastSendType:
		d.report(t.at, "", "a type is a number from %d to %d", FirstSendType, LastSendType)
	default:
		v.Number = uint16(n)
	}
}

// Parameter is a parameter of a control message.
type Parameter struct {
	Span  Span
	Value int32
}

func (v *Parameter) read(d *decoder, t *tree) {
	v.Span = t.at
	text := d.text(t)
	if t.shape != shapeText {
		return
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		d.report(t.at, "", "here belongs a whole number from %d to %d, not %q", math.MinInt32, math.MaxInt32, text)
		return
	}
	v.Value = int32(n)
}

// AppNumber is an application of a message: one of the file's, or any number.
type AppNumber struct {
	Span Span
	Text string
}

func (v *AppNumber) read(d *decoder, t *tree) { v.Span, v.Text = t.at, d.text(t) }

// HexBytes are bytes as hexadecimal digits, which may have spaces between them.
type HexBytes struct {
	Span  Span
	Bytes []byte
}

func (v *HexBytes) read(d *decoder, t *tree) {
	v.Span = t.at
	text := d.text(t)
	if t.shape != shapeText {
		return
	}
	var err error
	if v.Bytes, err = hex.DecodeString(strings.Join(strings.Fields(text), "")); err != nil {
		d.report(t.at, `Write two digits a byte, in quotes: "07 ff".`, "these are no hexadecimal digits: %s", strings.TrimPrefix(err.Error(), "encoding/hex: "))
	}
}
