package observer

import (
	"cmp"
	"slices"

	"github.com/ioverlay/ioverlay/record"
)

// news tells what has changed of a node's applications since the report before.
func (o *Observer) news(m *member, apps []record.App) {
	told := 0
	tell := func(app uint32, kind, text string) {
		if told++; told > maxNews {
			o.drop(dropNews)
			return
		}
		o.event(record.Event{Kind: kind, Node: record.To(m.index), App: app, Text: text})
	}
	next := make([]appState, 0, len(apps))
	for i := range apps {
		a := &apps[i]
		is := appState{app: a.ID, joined: a.Joined.Or(false), source: a.Source.Or(false)}
		if is.joined || is.source {
			next = append(next, is)
		}
		was := m.app(a.ID)
		if is.joined && !was.joined {
			tell(a.ID, record.EventJoin, "joined")
		}
		if is.source && !was.source {
			tell(a.ID, record.EventSource, "a source began")
		}
	}
	for _, was := range m.apps {
		i, there := slices.BinarySearchFunc(next, was.app, byApp)
		if was.joined && !(there && next[i].joined) {
			tell(was.app, record.EventLeave, "left")
		}
		if was.source && !(there && next[i].source) {
			tell(was.app, record.EventSource, "a source ended")
		}
	}
	m.apps = next
}

func byApp(a appState, app uint32) int { return cmp.Compare(a.app, app) }

func (m *member) app(app uint32) appState {
	if i, there := slices.BinarySearchFunc(m.apps, app, byApp); there {
		return m.apps[i]
	}
	return appState{}
}

// noted remembers the state of a name, and reports whether it is new.
func (m *member) noted(name, word string) bool {
	if old, there := m.words[name]; there && old == word {
		return false
	}
	if m.words == nil {
		m.words = make(map[string]string)
	}
	if len(m.words) >= 2*maxMetrics {
		clear(m.words) // names that come and go: they are told once more
	}
	m.words[name] = word
	return true
}
