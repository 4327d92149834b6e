package observer

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Target names a node: by its index, its address, or its name if no other node has the same.
type Target struct {
	text  string
	index uint32
	isNum bool
}

// TargetOf is a target as it is typed: a number is an index.
func TargetOf(text string) Target {
	if i, err := strconv.ParseUint(text, 10, 32); err == nil {
		return Target{index: uint32(i), isNum: true}
	}
	return Target{text: text}
}

// IsZero reports whether nothing is named.
func (t Target) IsZero() bool { return t == Target{} }

// String is how the target was named.
func (t Target) String() string {
	if t.isNum {
		return strconv.FormatUint(uint64(t.index), 10)
	}
	return t.text
}

// MarshalJSON implements json.Marshaler.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.isNum {
		return []byte(t.String()), nil
	}
	return json.Marshal(t.text)
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Target) UnmarshalJSON(b []byte) error {
	*t = Target{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.text)
	}
	i, err := strconv.ParseUint(string(b), 10, 32)
	if err != nil {
		return fmt.Errorf("%w: a node is named by its index, its address or its name, not by %.40s", ErrCommand, b)
	}
	t.index, t.isNum = uint32(i), true
	return nil
}

// Targets are the nodes that a command is for.
type Targets struct {
	All  bool
	List []Target
}

// MarshalJSON implements json.Marshaler.
func (t Targets) MarshalJSON() ([]byte, error) {
	if t.All {
		return []byte(`"all"`), nil
	}
	if t.List == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(t.List)
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Targets) UnmarshalJSON(b []byte) error {
	*t = Targets{}
	if string(b) == `"all"` {
		t.All = true
		return nil
	}
	if err := json.Unmarshal(b, &t.List); err != nil {
		return fmt.Errorf("%w: targets are \"all\" or a list of nodes: %w", ErrCommand, err)
	}
	return nil
}
