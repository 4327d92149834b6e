package api

import (
	"encoding/json"
	"fmt"

	"github.com/ioverlay/ioverlay/record"
)

// show is what a page wants to see of updates: which nodes, of which of them every detail, and whether events.
type show struct {
	all    bool
	nodes  map[uint32]bool
	detail map[uint32]bool
	events bool
}

func showAll() show { return show{all: true, events: true} }

// maxShown bounds what a page can name.
const maxShown = 100_000

// readShow reads what a client asks for.
func readShow(text []byte) (s show, err error) {
	m := struct {
		Type   string          `json:"type"`
		Nodes  json.RawMessage `json:"nodes"`
		Detail []uint32        `json:"detail"`
		Events *bool           `json:"events"`
	}{}
	if err := json.Unmarshal(text, &m); err != nil {
		return s, fmt.Errorf("a message that is no JSON: %w", err)
	}
	if m.Type != "show" {
		return s, fmt.Errorf("a message of type %.40q: use show", m.Type)
	}
	s = showAll()
	if m.Events != nil {
		s.events = *m.Events
	}
	if len(m.Nodes) > 0 && string(m.Nodes) != `"all"` && string(m.Nodes) != "null" {
		var list []uint32
		if err := json.Unmarshal(m.Nodes, &list); err != nil {
			return s, fmt.Errorf("nodes are \"all\" or a list of indices: %w", err)
		}
		if len(list) > maxShown {
			return s, fmt.Errorf("%d nodes: name at most %d, or \"all\"", len(list), maxShown)
		}
		s.all = false
		s.nodes = set(list)
	}
	if len(m.Detail) > maxShown {
		return s, fmt.Errorf("detail of %d nodes: at most %d", len(m.Detail), maxShown)
	}
	s.detail = set(m.Detail)
	return s, nil
}

func set(list []uint32) map[uint32]bool {
	m := make(map[uint32]bool, len(list))
	for _, i := range list {
		m[i] = true
	}
	return m
}

// of is what is shown of an update; nothing at all if ok is false. The update is not changed: others are shown it too.
func (s *show) of(u *record.Update) (shown record.Update, ok bool) {
	shown = record.Update{T: u.T, Full: u.Full, States: u.States}
	if s.events {
		shown.Events = u.Events
	}
	for i := range u.Nodes {
		n := &u.Nodes[i]
		if !s.all && !s.nodes[n.I] && !n.Gone {
			continue
		}
		c := *n
		if !s.detail[n.I] {
			c.Extra = record.Field[record.JSON]{}
			c.Metrics, c.NoMetrics = nil, false
			c.Process = record.Process{}
			if !u.Full && bare(&c) {
				continue
			}
		}
		shown.Nodes = append(shown.Nodes, c)
	}
	if s.all {
		shown.Links = u.Links
	} else {
		for i := range u.Links {
			if l := &u.Links[i]; s.nodes[l.F] || s.nodes[l.T] {
				shown.Links = append(shown.Links, *l)
			}
		}
		shown.States = nil
		for _, st := range u.States {
			if s.nodes[st.Node] {
				shown.States = append(shown.States, st)
			}
		}
	}
	return shown, u.Full || len(shown.Nodes)+len(shown.Links)+len(shown.Events)+len(shown.States) > 0
}

// bare reports whether a patch changes nothing.
func bare(n *record.Node) bool {
	return !n.Gone && !n.NoApps && !n.NoMetrics && len(n.Apps) == 0 && len(n.Metrics) == 0 &&
		n.ID.IsZero() && n.Name.IsZero() && n.Group.IsZero() && n.Algorithm.IsZero() && n.Place == record.Place{} && n.Up.IsZero() &&
		n.Since.IsZero() && n.Caps == record.Caps{} && n.In.IsZero() && n.Out.IsZero() && n.Lost == record.Lost{} && n.Held.IsZero() &&
		n.Queued == record.Queued{} && n.Process == record.Process{} && n.Extra.IsZero()
}
