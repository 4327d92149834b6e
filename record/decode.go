package record

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Reading JSON: what is not in the vocabulary is ignored, what is and has a value of another kind is an error that
// names it.

// UnmarshalJSON implements json.Unmarshaler.
func (n *Node) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return fmt.Errorf("record: a node: %w", err)
	}
	*n = Node{}
	if err := required(members, "node", "i", &n.I); err != nil {
		return err
	}
	if n.Gone = truth(members["gone"]); n.Gone {
		return nil
	}
	where := "node " + strconv.Itoa(int(n.I))
	if err := readLeaves(nodeIndex, n, members, where); err != nil {
		return err
	}
	var err error
	if n.Apps, n.NoApps, err = readApps(nodeAppIndex, members["apps"], where); err != nil {
		return err
	}
	return n.readMetrics(members["metrics"], where)
}

func (n *Node) readMetrics(raw json.RawMessage, where string) error {
	if len(raw) == 0 {
		return nil
	}
	if n.NoMetrics = isNull(raw); n.NoMetrics {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("record: %s, metrics: %w", where, err)
	}
	for name, raw := range members {
		m := Metric{Name: name}
		if err := readSlot(&m.Value, raw); err != nil {
			return fmt.Errorf("record: %s, metrics.%s: %w", where, name, err)
		}
		n.Metrics = append(n.Metrics, m)
	}
	slices.SortFunc(n.Metrics, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *Link) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return fmt.Errorf("record: a link: %w", err)
	}
	*l = Link{}
	if err := required(members, "link", "f", &l.F); err != nil {
		return err
	}
	if err := required(members, "link", "t", &l.T); err != nil {
		return err
	}
	if l.Gone = truth(members["gone"]); l.Gone {
		return nil
	}
	where := fmt.Sprintf("link %d-%d", l.F, l.T)
	if err := readLeaves(linkIndex, l, members, where); err != nil {
		return err
	}
	var err error
	l.Apps, l.NoApps, err = readApps(linkAppIndex, members["apps"], where)
	return err
}

func required(members map[string]json.RawMessage, what, name string, to *uint32) error {
	raw, ok := members[name]
	if !ok {
		return fmt.Errorf("record: a %s without %q", what, name)
	}
	if err := json.Unmarshal(raw, to); err != nil || isNull(raw) || *to >= MaxNodes {
		return fmt.Errorf("record: a %s whose %q is %.40s and not an index below %d", what, name, raw, MaxNodes)
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func truth(raw json.RawMessage) bool { return string(raw) == "true" }

func readLeaves[T any](x index[T], to *T, members map[string]json.RawMessage, where string) error {
	for name, raw := range members {
		if l := x.byPath[name]; l != nil {
			if err := readSlot(l.of(to), raw); err != nil {
				return fmt.Errorf("record: %s, %s: %w", where, name, err)
			}
			continue
		}
		leaves := x.objects[name]
		if leaves == nil {
			continue
		}
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(raw, &inner); err != nil {
			return fmt.Errorf("record: %s, %s: %w", where, name, err)
		}
		for _, l := range leaves {
			_, leafName := l.split()
			raw, ok := inner[leafName]
			if inner == nil { // null: none of them is left
				raw, ok = json.RawMessage("null"), true
			}
			if !ok {
				continue
			}
			if err := readSlot(l.of(to), raw); err != nil {
				return fmt.Errorf("record: %s, %s: %w", where, l.path, err)
			}
		}
	}
	return nil
}

func readApps(x index[App], raw json.RawMessage, where string) (apps []App, none bool, err error) {
	if len(raw) == 0 {
		return nil, false, nil
	}
	if isNull(raw) {
		return nil, true, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, false, fmt.Errorf("record: %s, apps: %w", where, err)
	}
	for name, raw := range members {
		id, err := strconv.ParseUint(name, 10, 32)
		if err != nil || strconv.FormatUint(id, 10) != name {
			return nil, false, fmt.Errorf("record: %s, apps: %.40q is no application's number", where, name)
		}
		a := App{ID: uint32(id), Gone: isNull(raw)}
		if !a.Gone {
			var inner map[string]json.RawMessage
			if err := json.Unmarshal(raw, &inner); err != nil {
				return nil, false, fmt.Errorf("record: %s, apps.%s: %w", where, name, err)
			}
			if err := readLeaves(x, &a, inner, where+", apps."+name); err != nil {
				return nil, false, err
			}
		}
		apps = append(apps, a)
	}
	slices.SortFunc(apps, func(a, b App) int { return byApp(a, b.ID) })
	return apps, false, nil
}

func readSlot(s slot, raw json.RawMessage) error {
	if isNull(raw) {
		s.drop()
		return nil
	}
	v, err := readValue(raw, s.value().Kind)
	if err != nil {
		return err
	}
	if !s.put(v) {
		return fmt.Errorf("%.40s is a value of another kind", raw)
	}
	return nil
}

// readValue reads a value of a kind.
func readValue(raw json.RawMessage, kind ValueKind) (v Value, err error) {
	v.Kind = kind
	switch kind {
	case NumberValue:
		err = json.Unmarshal(raw, &v.Num)
	case BoolValue:
		var yes bool
		if err = json.Unmarshal(raw, &yes); yes {
			v.Num = 1
		}
	case TextValue:
		err = json.Unmarshal(raw, &v.Text)
	case PairValue:
		var pair []float64
		if err = json.Unmarshal(raw, &pair); err == nil && len(pair) != 2 {
			err = fmt.Errorf("%.40s are not two numbers", raw)
		}
		if err == nil {
			v.Num, v.Second = pair[0], pair[1]
		}
	case JSONValue:
		compact, ok := CompactJSON(raw)
		if !ok {
			return v, fmt.Errorf("%.40s is no JSON", raw)
		}
		v.Text = string(compact)
	case NoValue:
	}
	return v, err
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(raw []byte) (err error) {
	switch {
	case isNull(raw):
		*v = Value{}
	case len(raw) > 0 && raw[0] == '"':
		*v, err = readValue(raw, TextValue)
	case len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'):
		*v, err = readValue(raw, NumberValue)
	case string(raw) == "true" || string(raw) == "false":
		*v, err = readValue(raw, BoolValue)
	default:
		*v, err = readValue(raw, JSONValue)
	}
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Event) UnmarshalJSON(b []byte) error {
	var in struct {
		T    Time     `json:"t"`
		Kind string   `json:"kind"`
		Node *float64 `json:"node"`
		Peer *float64 `json:"peer"`
		App  uint32   `json:"app"`
		Text string   `json:"text"`
		By   string   `json:"by"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("record: an event: %w", err)
	}
	*e = Event{T: in.T, Kind: in.Kind, App: in.App, Text: in.Text, By: in.By}
	for _, ref := range [...]struct {
		from *float64
		to   *Ref
	}{{in.Node, &e.Node}, {in.Peer, &e.Peer}} {
		if ref.from == nil {
			continue
		}
		i := *ref.from
		if i < 0 || i >= MaxNodes || i != math.Trunc(i) {
			return fmt.Errorf("record: an event of node %v, which is not an index below %d", i, MaxNodes)
		}
		*ref.to = To(uint32(i))
	}
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *State) UnmarshalJSON(b []byte) error {
	var in struct {
		T     Time     `json:"t"`
		Node  uint32   `json:"node"`
		Name  string   `json:"name"`
		Value Value    `json:"value"`
		Of    *float64 `json:"of"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("record: a state: %w", err)
	}
	*s = State{T: in.T, Node: in.Node, Name: in.Name, Value: in.Value}
	if in.Of != nil {
		s.Of = Set(*in.Of)
	}
	return nil
}
