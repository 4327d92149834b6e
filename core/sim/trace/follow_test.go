package trace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/wire"
)

func peer(name string) trace.Peer {
	if name == "" {
		return trace.Peer{}
	}
	return trace.Peer{ID: "10.0.0." + name, Name: name}
}

// given is a record of a data message: at a time in ms, from whom to whom, and whose it is.
func given(ms int, from, to, maker string, seq uint64) trace.Record {
	return trace.Record{At: time.Duration(ms) * time.Millisecond, Kind: trace.Message, Type: wire.TypeData, App: 1, Seq: seq,
		Node: peer(to), From: peer(from), Sender: peer(maker), Size: 100, Hash: seq + 1}
}

func lived(ms int, node string, up bool) trace.Record {
	r := trace.Record{At: time.Duration(ms) * time.Millisecond, Kind: trace.Ended, Node: peer(node)}
	if up {
		r.Kind, r.Type = trace.Message, wire.TypeStarted
	}
	return r
}

// ways writes what was found in a line each: node<parent at/hop/total, and marks.
func ways(want trace.Follow, recs []trace.Record) string {
	f := trace.NewFollower(want)
	for i := range recs {
		recs[i].Number = uint64(i)
		f.Add(&recs[i])
	}
	var lines []string
	for _, w := range f.Ways() {
		var words []string
		for _, a := range w.Arrivals {
			from := "-"
			if a.Parent >= 0 {
				from = w.Arrivals[a.Parent].Node.Name
			}
			word := fmt.Sprintf("%v<%s %d/%d/%d", a.Node, from, a.At.Milliseconds(), a.Hop.Milliseconds(), a.Total.Milliseconds())
			if a.Unseen {
				word = fmt.Sprintf("%v<%s unseen", a.Node, from)
			}
			if a.Duplicate {
				word += fmt.Sprintf(" dup+%d", a.After.Milliseconds())
			}
			if a.Changed {
				word += " changed"
			}
			words = append(words, word)
		}
		line := fmt.Sprintf("%s; reached %d depth %d duplicates %d", strings.Join(words, ", "), w.Reached, w.Depth, w.Duplicates)
		for _, m := range w.Missed {
			line += fmt.Sprintf("; not %v %s %d", m.Node, m.Why, m.At.Milliseconds())
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestFollow(t *testing.T) {
	all := trace.Follow{App: 1, Seq: 5}
	for _, c := range []struct {
		name string
		want trace.Follow
		recs []trace.Record
		says string
	}{
		{"a tree with duplicates", all, []trace.Record{
			given(10, "", "a", "a", 5), given(11, "a", "b", "a", 5), given(13, "a", "c", "a", 5), given(14, "b", "c", "a", 5), given(15, "c", "d", "a", 5), given(16, "c", "a", "a", 5),
		}, "a<- 10/0/0, b<a 11/1/1, c<a 13/3/3, c<b 14/3/4 dup+1, d<c 15/2/5, a<c 16/3/6 dup+6; reached 3 depth 2 duplicates 2"},
		{"only that message", all, []trace.Record{
			given(10, "", "a", "a", 5), given(11, "a", "b", "a", 5), given(12, "", "a", "a", 6), given(13, "a", "b", "a", 6),
		}, "a<- 10/0/0, b<a 11/1/1; reached 1 depth 1 duplicates 0"},
		{"two makers", all, []trace.Record{
			given(10, "", "a", "a", 5), given(10, "", "z", "z", 5), given(11, "a", "b", "a", 5), given(12, "z", "b", "z", 5),
		}, "a<- 10/0/0, b<a 11/1/1; reached 1 depth 1 duplicates 0\nz<- 10/0/0, b<z 12/2/2; reached 1 depth 1 duplicates 0"},
		{"one of two makers", trace.Follow{App: 1, Seq: 5, Maker: "z"}, []trace.Record{
			given(10, "", "a", "a", 5), given(10, "", "z", "z", 5), given(12, "z", "b", "z", 5),
		}, "z<- 10/0/0, b<z 12/2/2; reached 1 depth 1 duplicates 0"},
		{"a maker that began again", all, []trace.Record{
			given(10, "", "a", "a", 5), given(11, "a", "b", "a", 5), given(20, "", "a", "a", 5), given(21, "a", "b", "a", 5), given(22, "b", "c", "a", 5),
		}, "a<- 10/0/0, b<a 11/1/1; reached 1 depth 1 duplicates 0; not c up 0\na<- 20/0/0, b<a 21/1/1, c<b 22/1/2; reached 2 depth 2 duplicates 0"},
		{"who did not get it", all, []trace.Record{
			lived(0, "b", true), lived(0, "c", true), lived(0, "d", true), lived(0, "n10", true), lived(0, "n9", true),
			given(1, "a", "b", "a", 1), given(1, "a", "c", "a", 1), given(1, "a", "d", "a", 1), given(1, "a", "n10", "a", 1), given(1, "a", "n9", "a", 1),
			lived(5, "c", false), given(10, "", "a", "a", 5), given(11, "a", "b", "a", 5), lived(12, "d", false), lived(30, "e", true), given(31, "a", "e", "a", 9),
		}, "a<- 10/0/0, b<a 11/1/1; reached 1 depth 1 duplicates 0; not c down 0; not d ended 12; not e started later 30; not n9 up 0; not n10 up 0"},
		{"nobody saw it being made", all, []trace.Record{
			given(11, "a", "b", "a", 5), given(12, "b", "c", "a", 5), given(13, "x", "y", "a", 5),
		}, "a<- unseen, b<a 11/-0/-0, c<b 12/1/-0, x<a unseen, y<x 13/-0/-0; reached 3 depth 2 duplicates 0"},
		{"what was changed on its way", all, []trace.Record{
			given(10, "", "a", "a", 5), func() trace.Record { r := given(11, "a", "b", "a", 5); r.Hash++; return r }(),
		}, "a<- 10/0/0, b<a 11/1/1 changed; reached 1 depth 1 duplicates 0"},
		{"another type", trace.Follow{App: 1, Seq: 5, Type: 1024}, []trace.Record{
			given(10, "", "a", "a", 5), func() trace.Record { r := given(11, "a", "b", "a", 5); r.Type = core.Type(1024); return r }(),
		}, "a<- unseen, b<a 11/-0/-0; reached 1 depth 1 duplicates 0"},
		{"nothing", trace.Follow{App: 2, Seq: 5}, []trace.Record{given(10, "", "a", "a", 5)}, ""},
	} {
		says := strings.ReplaceAll(c.says, "-0", "0")
		if got := ways(c.want, c.recs); got != says {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, says)
		}
	}
}

func TestCompareNames(t *testing.T) {
	for _, c := range [][2]string{{"n2", "n10"}, {"a", "b"}, {"n9", "o1"}, {"10.0.0.2:7", "10.0.0.3:7"}, {"n", "n1"}} {
		if trace.CompareNames(c[0], c[1]) >= 0 || trace.CompareNames(c[1], c[0]) <= 0 || trace.CompareNames(c[0], c[0]) != 0 {
			t.Errorf("%s and %s", c[0], c[1])
		}
	}
}
