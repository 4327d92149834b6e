package trace

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Filter says which records are wanted; fields that are zero do not matter. Nodes
// go by name or by ID.
type Filter struct {
	Node   string        // where it happened
	From   string        // last hop of a message; with Node it names a link
	Sender string        // who made the message
	Kinds  []Kind        // any of them
	Types  []core.Type   // any of them; only messages have one
	App    *uint32       // application; only messages and what was sent have one
	After  time.Duration // not before this time
	Before time.Duration // before this time; 0 means no end
}

// Wants reports whether a record is among those wanted.
func (f *Filter) Wants(r *Record) bool {
	switch {
	case r.At < f.After, f.Before > 0 && r.At >= f.Before,
		!f.is(f.Sender, r.Sender), !oneOf(f.Kinds, r.Kind):
		return false
	case len(f.Types) > 0 && (r.Kind != Message || !oneOf(f.Types, r.Type)):
		return false
	case f.App != nil && (r.Kind == Fault || r.Kind == Ended || r.App != *f.App):
		return false
	}
	if r.Kind == Sent { // its link leads from Node to To
		return (f.Node == "" || f.is(f.Node, r.To) || f.From == "" && f.is(f.Node, r.Node)) && f.is(f.From, r.Node)
	}
	if r.Kind == Message && r.From == (Peer{}) && r.Type.Local() {
		// An event of a link is of its link: the peer is in the place of the sender.
		return f.is(f.Node, r.Node) && (f.From == "" || f.is(f.From, r.Sender) && r.Sender != r.Node)
	}
	return f.is(f.Node, r.Node) && f.is(f.From, r.From)
}

// is reports whether a peer goes by a name, or whether that does not matter.
func (f *Filter) is(name string, p Peer) bool {
	return name == "" || name == p.Name || name == p.ID
}

func oneOf[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }
