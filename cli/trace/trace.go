// Package trace has the commands that look at traces of runs in virtual time.
package trace

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/core/wire"
)

// app is the program under way.
type app struct{ *console.App }

// Command is the command "trace": what can be done with the traces of runs in
// virtual time.
func Command(c *console.App) *cobra.Command {
	a := &app{c}
	cmd := &cobra.Command{
		Use:     "trace",
		Short:   "Look at traces of runs in virtual time",
		Example: "  ioverlay trace show run.trace --node b --type data\n  ioverlay trace diff run1.trace run2.trace\n  ioverlay trace graph run.trace --at 5s --out overlay.svg",
	}
	cmd.AddCommand(a.traceShow(), a.traceDiff(), a.traceGraph())
	return cmd
}

// openTrace opens a trace; "-" is the standard input. What is returned last closes
// the file.
func (a *app) openTrace(name string) (r *trace.Reader, closing func(), err error) {
	in, closing := a.In, func() {}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("open a trace: %w", err)
		}
		in, closing = f, func() { _ = f.Close() } // it was only read
	}
	if r, err = trace.NewReader(in); err != nil {
		closing()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, closing, nil
}

// filterFlags are the flags that choose records.
type filterFlags struct {
	node, from, sender string
	kinds, types       string
	app                string
	after, before      time.Duration
}

func (f *filterFlags) define(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.node, "node", "", "where it happened: a node's name or ID")
	fl.StringVar(&f.from, "from", "", "last hop; with --node this names a link")
	fl.StringVar(&f.sender, "sender", "", "who made the message")
	fl.StringVar(&f.kinds, "kind", "", "kinds of records: message, sent, fault, warned, ended")
	fl.StringVar(&f.types, "type", "", "types of messages: data, timer, link-down, user-1024 and so on, or numbers")
	fl.StringVar(&f.app, "app", "", "application")
	fl.DurationVar(&f.after, "after", 0, "not before this time")
	fl.DurationVar(&f.before, "before", 0, "before this time; 0 for no end")
}

// filter is what the flags ask for.
func (f *filterFlags) filter() (trace.Filter, error) {
	want := trace.Filter{Node: f.node, From: f.from, Sender: f.sender, After: f.after, Before: f.before}
	for _, word := range console.SplitList(f.kinds) {
		k, ok := parseKind(word)
		if !ok {
			return want, console.Usage("kind", f.kinds, "message, sent, fault, warned, ended")
		}
		want.Kinds = append(want.Kinds, k)
	}
	for _, word := range console.SplitList(f.types) {
		t, ok := parseType(word)
		if !ok {
			return want, console.Usage("type", f.types, "a type's name, such as data, or a number from 1 to "+strconv.Itoa(int(wire.MaxType)))
		}
		want.Types = append(want.Types, t)
	}
	if f.app != "" {
		v, err := strconv.ParseUint(f.app, 10, 32)
		if err != nil {
			return want, console.Usage("app", f.app, "a number from 0 to 4294967295")
		}
		app := uint32(v)
		want.App = &app
	}
	return want, nil
}

func parseKind(word string) (trace.Kind, bool) {
	for _, k := range []trace.Kind{trace.Message, trace.Sent, trace.Fault, trace.Warned, trace.Ended} {
		if k.String() == word {
			return k, true
		}
	}
	return 0, false
}

// parseType reads a type's name, as its String writes it, or its number.
func parseType(word string) (core.Type, bool) {
	if v, err := strconv.ParseUint(word, 10, 16); err == nil {
		return core.Type(v), v > 0 && core.Type(v) <= wire.MaxType
	}
	for t := core.Type(1); t <= wire.MaxType; t++ {
		if t.String() == word {
			return t, true
		}
	}
	return 0, false
}

// traceLines writes records as lines, in columns that are as wide as most entries.
type traceLines struct {
	out io.Writer
	err error
}

func (l *traceLines) line(mark string, columns ...string) {
	if l.err != nil {
		return
	}
	widths := []int{8, 14, 12, 12, 14, 6}
	var b strings.Builder
	b.WriteString(mark)
	for i, c := range columns {
		if i < len(widths) && i < len(columns)-1 {
			fmt.Fprintf(&b, "%-*s ", widths[i], c)
		} else {
			b.WriteString(c)
		}
	}
	_, l.err = fmt.Fprintln(l.out, strings.TrimRight(b.String(), " "))
}

func (l *traceLines) head(mark string) {
	l.line(mark, "record", "time", "node", "from", "what", "app", "details")
}

func (l *traceLines) record(mark string, r *trace.Record) {
	from := r.From.String()
	details := r.Details()
	switch {
	case r.Kind == trace.Sent:
		from = "-"
		details = "to " + r.To.String() + ": " + details
	case r.Kind == trace.Message && r.From == (trace.Peer{}) && r.Sender != r.Node:
		details += " (" + r.Sender.String() + ")" // of a link, and this is its other end
	case r.Kind == trace.Message && r.From != (trace.Peer{}) && r.Sender != r.From:
		details += ", made by " + r.Sender.String()
	}
	app := "-"
	if r.Kind != trace.Fault && r.Kind != trace.Ended {
		app = strconv.FormatUint(uint64(r.App), 10)
	}
	l.line(mark, strconv.FormatUint(r.Number, 10), r.At.String(), r.Node.String(), from, r.Subject(), app, details)
}

// aboutText is what a trace is of, on one line.
func aboutText(about [][2]string) string {
	words := make([]string, len(about))
	for i, kv := range about {
		words[i] = kv[0] + "=" + kv[1]
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "=" }), " ")
}
