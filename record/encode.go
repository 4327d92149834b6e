package record

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the update as one JSON object. The order of members is fixed, so equal updates are equal texts.
func (u *Update) AppendJSON(b []byte) []byte {
	b = u.T.AppendJSON(append(b, `{"t":`...))
	if u.Full {
		b = append(b, `,"full":true`...)
	}
	b = list(b, "nodes", u.Nodes, (*Node).AppendJSON)
	b = list(b, "links", u.Links, (*Link).AppendJSON)
	b = list(b, "events", u.Events, (*Event).AppendJSON)
	b = list(b, "states", u.States, (*State).AppendJSON)
	return append(b, '}')
}

func list[T any](b []byte, name string, all []T, item func(*T, []byte) []byte) []byte {
	if len(all) == 0 {
		return b
	}
	b = append(append(append(b, `,"`...), name...), `":[`...)
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(&all[i], b)
	}
	return append(b, ']')
}

// AppendJSON appends the node as a JSON object.
func (n *Node) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"i":`...), uint64(n.I), 10)
	if n.Gone {
		return append(b, `,"gone":true}`...)
	}
	b = appendLeaves(b, nodeLeaves, n, true)
	b = appendApps(b, nodeAppLeaves, n.Apps, n.NoApps)
	switch {
	case n.NoMetrics:
		b = append(b, `,"metrics":null`...)
	case len(n.Metrics) > 0:
		b = append(b, `,"metrics":{`...)
		more := false
		for i := range n.Metrics {
			if m := &n.Metrics[i]; !m.Value.IsZero() {
				b = appendSlot(append(AppendText(comma(b, more), m.Name), ':'), &m.Value)
				more = true
			}
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

// AppendJSON appends the link as a JSON object.
func (l *Link) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"f":`...), uint64(l.F), 10)
	b = strconv.AppendUint(append(b, `,"t":`...), uint64(l.T), 10)
	if l.Gone {
		return append(b, `,"gone":true}`...)
	}
	b = appendLeaves(b, linkLeaves, l, true)
	return append(appendApps(b, linkAppLeaves, l.Apps, l.NoApps), '}')
}

func comma(b []byte, more bool) []byte {
	if more {
		return append(b, ',')
	}
	return b
}

func appendApps(b []byte, leaves []leaf[App], apps []App, none bool) []byte {
	if none {
		return append(b, `,"apps":null`...)
	}
	if len(apps) == 0 {
		return b
	}
	b = append(b, `,"apps":{`...)
	for i := range apps {
		a := &apps[i]
		b = strconv.AppendUint(append(comma(b, i > 0), '"'), uint64(a.ID), 10)
		if a.Gone {
			b = append(b, `":null`...)
			continue
		}
		b = append(appendLeaves(append(b, `":{`...), leaves, a, false), '}')
	}
	return append(b, '}')
}

// appendLeaves appends the members that are there; more says that there are some before.
func appendLeaves[T any](b []byte, leaves []leaf[T], of *T, more bool) []byte {
	open := ""
	for i := range leaves {
		s := leaves[i].of(of)
		if s.presence() == absent {
			continue
		}
		object, name := leaves[i].split()
		if open != "" && open != object {
			b = append(b, '}')
			open = ""
		}
		b = comma(b, more)
		if object != "" && open == "" {
			b = append(append(append(b, '"'), object...), `":{`...)
			open = object
		}
		b = append(append(append(b, '"'), name...), `":`...)
		b = appendSlot(b, s)
		more = true
	}
	if open != "" {
		b = append(b, '}')
	}
	return b
}

func appendSlot(b []byte, s slot) []byte {
	if s.presence() == gone {
		return append(b, "null"...)
	}
	return s.value().AppendJSON(b)
}

// AppendJSON appends the value.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case NumberValue:
		return AppendNumber(b, v.Num)
	case BoolValue:
		return strconv.AppendBool(b, v.Num != 0)
	case TextValue:
		return AppendText(b, v.Text)
	case PairValue:
		return append(AppendNumber(append(AppendNumber(append(b, '['), v.Num), ','), v.Second), ']')
	case JSONValue:
		return append(b, v.Text...)
	case NoValue:
	}
	return append(b, "null"...)
}

// AppendNumber appends a number as JSON; null if it is none that JSON has.
func AppendNumber(b []byte, v float64) []byte {
	if !finite(v) {
		return append(b, "null"...)
	}
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// AppendText appends a text as JSON. Bytes that are no UTF-8 become U+FFFD.
func AppendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(s) // a text never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// AppendJSON appends the event as a JSON object.
func (e *Event) AppendJSON(b []byte) []byte {
	b = AppendText(append(e.T.AppendJSON(append(b, `{"t":`...)), `,"kind":`...), e.Kind)
	for _, ref := range [...]struct {
		name string
		to   Ref
	}{{`,"node":`, e.Node}, {`,"peer":`, e.Peer}} {
		if i, ok := ref.to.Index(); ok {
			b = strconv.AppendUint(append(b, ref.name...), uint64(i), 10)
		}
	}
	if e.App != 0 {
		b = strconv.AppendUint(append(b, `,"app":`...), uint64(e.App), 10)
	}
	b = AppendText(append(b, `,"text":`...), e.Text)
	if e.By != "" {
		b = AppendText(append(b, `,"by":`...), e.By)
	}
	return append(b, '}')
}

// AppendJSON appends the state as a JSON object.
func (s *State) AppendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(s.T.AppendJSON(append(b, `{"t":`...)), `,"node":`...), uint64(s.Node), 10)
	b = s.Value.AppendJSON(append(AppendText(append(b, `,"name":`...), s.Name), `,"value":`...))
	if of, ok := s.Of.Get(); ok {
		b = AppendNumber(append(b, `,"of":`...), of)
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler, as do the others.
func (u Update) MarshalJSON() ([]byte, error) { return u.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (n Node) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (l Link) MarshalJSON() ([]byte, error) { return l.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (s State) MarshalJSON() ([]byte, error) { return s.AppendJSON(nil), nil }

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }
