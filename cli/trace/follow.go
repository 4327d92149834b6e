package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jedib0t/go-pretty/v6/list"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace"
)

// followFlags are the flags of "ioverlay trace show" that follow one message.
type followFlags struct {
	message string
	maker   string
}

func (f *followFlags) define(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.message, "follow", "", "print the way of one message as a tree: its application and sequence number, such as 1:17")
	fl.StringVar(&f.maker, "maker", "", "with --follow: who made the message, if several made one of its number")
}

// wanted reads the flags. Of those that choose records only some make sense beside.
func (f *followFlags) wanted(cmd *cobra.Command, records *filterFlags) (trace.Follow, error) {
	want := trace.Follow{Maker: f.maker}
	for _, other := range []string{"node", "from", "sender", "kind", "app", "limit"} {
		if cmd.Flags().Changed(other) {
			return want, console.Usage("follow", f.message, "none of the flags --node, --from, --sender, --kind, --app and --limit beside it; --maker says whose message")
		}
	}
	app, seq, _ := strings.Cut(f.message, ":")
	a, err1 := strconv.ParseUint(app, 10, 32)
	n, err2 := strconv.ParseUint(seq, 10, 64)
	if err1 != nil || err2 != nil {
		return want, console.Usage("follow", f.message, "an application and a sequence number, such as 1:17")
	}
	want.App, want.Seq = uint32(a), n
	if records.types != "" {
		t, ok := parseType(records.types)
		if !ok {
			return want, console.Usage("type", records.types, "with --follow: one type, such as data or user-1024")
		}
		want.Type = t
	}
	return want, nil
}

// errNoSuchMessage means that a trace has nothing to follow.
type errNoSuchMessage struct{ file, message, maker string }

func (e *errNoSuchMessage) Error() string {
	by := ""
	if e.maker != "" {
		by = " made by " + e.maker
	}
	return fmt.Sprintf("%s has no message %s%s: its number is APP:SEQ, and \"ioverlay trace show --type data\" lists those that there are", e.file, e.message, by)
}

// follow prints the ways of a message.
func (a *app) follow(ctx context.Context, name string, r *trace.Reader, f *followFlags, records *filterFlags, want trace.Follow, format string) error {
	follower := trace.NewFollower(want)
	within := trace.Filter{After: records.after, Before: records.before}
	if err := eachRecord(ctx, name, r, &within, 0, func(rec *trace.Record) error { follower.Add(rec); return nil }); err != nil {
		return err
	}
	ways := follower.Ways()
	if len(ways) == 0 {
		return &errNoSuchMessage{name, f.message, f.maker}
	}
	if format == console.FormatJSON {
		out := json.NewEncoder(a.Out)
		for _, w := range ways {
			if err := out.Encode(w); err != nil {
				return err
			}
		}
		return nil
	}
	if about := aboutText(r.About()); about != "" {
		fmt.Fprintln(a.Out, about)
	}
	for _, w := range ways {
		if _, err := fmt.Fprintf(a.Out, "\n%s", wayText(w)); err != nil {
			return err
		}
	}
	return nil
}

// wayText is the way of a message as a tree: each node below the one that it got the
// message from.
func wayText(w *trace.Way) string {
	var b strings.Builder
	fmt.Fprintf(&b, "application %d, %v #%d, %d bytes, made by %v\n%s\n", w.App, w.Type, w.Seq, w.Size, w.Maker, waySummary(w))
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "node\tat\thop\ttotal\t")
	tree, order := wayTree(w)
	for i, line := range tree {
		at := &w.Arrivals[order[i]]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", line, moment(at.At), moment(at.Hop), moment(at.Total), remark(at))
	}
	_ = t.Flush() // into memory
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(&b, strings.TrimRight(line, " \n"))
	}
	for _, m := range w.Missed {
		fmt.Fprintf(&b, "not delivered to %v, which %s\n", m.Node, missedText(m))
	}
	return b.String()
}

func waySummary(w *trace.Way) string {
	last, worst := trace.Unknown, trace.Unknown
	for i := range w.Arrivals {
		if a := &w.Arrivals[i]; !a.Duplicate {
			last, worst = max(last, a.Total), max(worst, a.Hop)
		}
	}
	s := fmt.Sprintf("nodes reached: %d, hops at most: %d", w.Reached, w.Depth)
	if last >= 0 && w.Reached > 0 {
		s += fmt.Sprintf(", last after: %v, slowest hop: %v", last, worst)
	}
	s += fmt.Sprintf(", duplicates: %d", w.Duplicates)
	if w.App > 0 {
		s += fmt.Sprintf(", nodes of its stream without it: %d", len(w.Missed))
	}
	return s
}

// wayTree draws the tree: its lines, and beside them which arrival each is of.
func wayTree(w *trace.Way) (lines []string, order []int) {
	below := make([][]int, len(w.Arrivals))
	for i := 1; i < len(w.Arrivals); i++ {
		p := w.Arrivals[i].Parent
		below[p] = append(below[p], i)
	}
	l := list.NewWriter()
	l.SetStyle(list.StyleConnectedLight)
	var add func(i int)
	add = func(i int) {
		order = append(order, i)
		l.AppendItem(w.Arrivals[i].Node.String())
		if len(below[i]) == 0 {
			return
		}
		l.Indent()
		for _, k := range below[i] {
			add(k)
		}
		l.UnIndent()
	}
	add(0)
	return strings.Split(l.Render(), "\n"), order
}

func moment(d time.Duration) string {
	if d < 0 {
		return "-"
	}
	return d.String()
}

func remark(a *trace.Arrival) string {
	var words []string
	switch {
	case a.Duplicate:
		words = append(words, fmt.Sprintf("duplicate, %v after the first", a.After))
	case a.Unseen && a.Parent < 0:
		words = append(words, "made it at a time that the trace does not show")
	case a.Unseen:
		words = append(words, "passed it on; the trace does not show that it got it")
	}
	if a.Changed {
		words = append(words, "with another payload than the maker's")
	}
	return strings.Join(words, "; ")
}

func missedText(m trace.Missed) string {
	switch m.Why {
	case "ended":
		return fmt.Sprintf("ended at %v", m.At)
	case "started later":
		return fmt.Sprintf("started later, at %v", m.At)
	case "down":
		return "was down"
	}
	return "was up"
}
