package export

import (
	"strings"

	"github.com/ioverlay/ioverlay/record"
)

// table is what the rows of one kind are.
type table struct {
	name    string
	columns []column
}

type column struct {
	name string
	kind record.ValueKind
}

const (
	number = record.NumberValue
	text   = record.TextValue
	truth  = record.BoolValue
)

// The tables. Times are seconds, rates bytes a second; node, peer, f and t are indices of nodes.
var (
	meta         = table{"meta", []column{{"key", text}, {"value", text}}}
	expectations = table{"expectations", []column{{"expectation", text}, {"held", truth}}}
	nodes        = table{"nodes", fieldColumns(record.NodeFields(), column{"time", number}, column{"node", number})}
	nodeApps     = table{"node_apps", appColumns(false, column{"time", number}, column{"node", number}, column{"app", number})}
	metrics      = table{"metrics", []column{{"time", number}, {"node", number}, {"name", text}, {"value", number}}}
	links        = table{"links", fieldColumns(record.LinkFields(), column{"time", number}, column{"f", number}, column{"t", number})}
	linkApps     = table{"link_apps", appColumns(true, column{"time", number}, column{"f", number}, column{"t", number}, column{"app", number})}
	events       = table{"events", []column{{"time", number}, {"kind", text}, {"node", number}, {"peer", number}, {"app", number}, {"text", text}, {"by", text}}}
	states       = table{"states", []column{{"time", number}, {"node", number}, {"name", text}, {"value", number}, {"text", text}, {"of", number}}}
	transfers    = table{"transfers", []column{{"left_at", number}, {"arrived_at", number}, {"f", number}, {"t", number}, {"app", number}, {"seq", number}, {"type", number}, {"bytes", number}}}
)

// tables are all of them.
var tables = []*table{&meta, &expectations, &nodes, &nodeApps, &metrics, &links, &linkApps, &events, &states, &transfers}

func fieldColumns(paths []record.Path, first ...column) []column {
	for _, p := range paths {
		name := strings.ReplaceAll(p.String(), ".", "_")
		if p.Kind() == record.PairValue {
			first = append(first, column{name + "_msgs", number}, column{name + "_bytes", number})
			continue
		}
		first = append(first, column{name, p.Kind()})
	}
	return first
}

func appColumns(ofLink bool, first ...column) []column {
	for _, p := range record.AppFields(ofLink, 1) {
		first = append(first, column{strings.TrimPrefix(p.String(), "apps.1."), p.Kind()})
	}
	return first
}
