package observer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/observer"
)

// ctlFlags are the flags of "ioverlay ctl" and its actions.
type ctlFlags struct {
	client   clientFlags
	targets  []string
	format   string
	cmd      observer.Command
	rates    map[string]*string // by the name of the field
	latency  string
	spread   string
	to, from string
	base64   []byte
}

// actionHelp is what each action does, for people.
var actionHelp = map[string]struct{ short, example string }{
	observer.SetBandwidth:    {"Limit what nodes send and receive, from now on", "ioverlay ctl set-bandwidth --target n3 --up 50KBps --total 1MBps"},
	observer.SetLink:         {"Say what the link from nodes to another one does, from now on", "ioverlay ctl set-link --target n3 --to n5 --rate 100KBps --latency 20ms --jitter normal --spread 2ms --loss 0.01"},
	observer.Deploy:          {"Start a source of an application", "ioverlay ctl deploy --target n1 --app 1 --payload 'rate=200 payload=1000'"},
	observer.TerminateSource: {"End the source of an application", "ioverlay ctl terminate-source --target n1 --app 1"},
	observer.TerminateNode:   {"End nodes", "ioverlay ctl terminate-node --target n4 --target n5"},
	observer.Join:            {"Have nodes join an application", "ioverlay ctl join --target all --app 1"},
	observer.Leave:           {"Have nodes leave an application", "ioverlay ctl leave --target n3 --app 1"},
	observer.SetWeight:       {"Say what share an upstream of nodes has when several compete", "ioverlay ctl weight --target n5 --from n3 --app 1 --weight 4"},
	observer.Message:         {"Send an algorithm a message of a type of its own, with two numbers and a payload", "ioverlay ctl message --target n5 --type 1024 --a 3 --b -1 --payload text"},
	observer.Request:         {"Ask nodes for their status now", "ioverlay ctl request --target all"},
}

// Ctl is the command "ctl".
func Ctl(a *console.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ctl",
		Short: "Give orders to the nodes of an observer that runs, and to itself",
		Long: `Give an order to nodes through an observer that runs ("ioverlay observer"), as its page does.

--target names nodes by their name, their address, or their index on the page, or all of them
with "all". That an order was sent does not say that it was obeyed: a node obeys only the
observer that its --observer names first, and the next status shows what came of it.

Exit codes: 0 sent to all, 1 not sent to some, or all, of them: they are down, or nobody knows them
(it is said of each), or there is a recording already, or none, 2 wrong usage, or the observer said that the order makes no sense, 3 the observer could not be asked.`,
		Example: `  ioverlay ctl nodes
  ioverlay ctl set-bandwidth --target n3 --up 50KBps
  ioverlay ctl terminate-node --target n4 --format json`,
	}
	cmd.AddCommand(ctlNodes(a), ctlRecord(a))
	for _, action := range observer.Actions {
		cmd.AddCommand(ctlAction(a, action))
	}
	return cmd
}

func ctlAction(a *console.App, action string) *cobra.Command {
	f := &ctlFlags{cmd: observer.Command{Action: action}, rates: make(map[string]*string)}
	help := actionHelp[action]
	cmd := &cobra.Command{
		Use: action, Short: help.short, Example: "  " + help.example, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			return f.send(cmd.Context(), a)
		},
	}
	fl := cmd.Flags()
	f.client.define(fl)
	fl.StringArrayVar(&f.targets, "target", nil, "node: its name, address or index, or all; may be given again")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	for _, name := range observer.Parts(action) {
		f.part(fl, name)
	}
	return cmd
}

// part defines the flag for a field.
func (f *ctlFlags) part(fl *pflag.FlagSet, name string) {
	switch name {
	case "app":
		fl.Uint32Var(&f.cmd.App, "app", 0, "application, from 1 up; of a message 0, the control lane, is usual")
	case "a":
		fl.Int32Var(&f.cmd.A, "a", 0, "first number")
	case "b":
		fl.Int32Var(&f.cmd.B, "b", 0, "second number")
	case "type":
		fl.Uint16Var(&f.cmd.Type, "type", 0, "type of the message: 17 (control), or one of the algorithm, 256 to 32767")
	case "payload":
		fl.StringVar(&f.cmd.Payload, "payload", "", "payload as text; for a source, words such as 'rate=200 payload=1000 messages=5000', each optional")
	case "payloadBase64":
		fl.BytesBase64Var(&f.base64, "payload-base64", nil, "payload in base64 instead")
	case "total", "up", "down", "rate":
		f.rates[name] = fl.String(name, "", "such as 400KBps, or unlimited")
	case "latency":
		fl.StringVar(&f.latency, "latency", "", "such as 20ms")
	case "jitter":
		fl.StringVar(&f.cmd.Jitter, "jitter", "", "shape: uniform, normal or exponential")
	case "spread":
		fl.StringVar(&f.spread, "spread", "", "of the jitter, such as 2ms")
	case "loss":
		fl.Float64Var(&f.cmd.Loss, "loss", 0, "share of messages, 0 to 1")
	case "to":
		fl.StringVar(&f.to, "to", "", "other end of the link: name, address or index")
	case "from":
		fl.StringVar(&f.from, "from", "", "upstream node; without it, the sources of the node itself")
	case "weight":
		fl.IntVar(&f.cmd.Weight, "weight", 0, "share, 1 and up")
	}
}

// read makes the command of the flags.
func (f *ctlFlags) read() error {
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	for name, text := range f.rates {
		if *text == "" {
			continue
		}
		// A number alone is bytes a second: that is what "copy as command" writes.
		v, err := parseRate(*text)
		if err != nil {
			return console.Usage(name, *text, "a rate such as 400KBps, bytes a second as a number, or unlimited")
		}
		switch name {
		case "total":
			f.cmd.Total = v
		case "up":
			f.cmd.Up = v
		case "down":
			f.cmd.Down = v
		case "rate":
			f.cmd.Rate = v
		}
	}
	var err error
	for _, d := range []struct {
		flag, text string
		to         *float64
	}{{"latency", f.latency, &f.cmd.Latency}, {"spread", f.spread, &f.cmd.Spread}} {
		if *d.to, err = parseSeconds(d.text); err != nil {
			return console.Usage(d.flag, d.text, "a duration such as 20ms, or seconds as a number")
		}
	}
	f.cmd.To, f.cmd.From, f.cmd.PayloadBase64 = target(f.to), target(f.from), f.base64
	for _, t := range f.targets {
		if t == "all" {
			f.cmd.Targets.All = true
			continue
		}
		f.cmd.Targets.List = append(f.cmd.Targets.List, target(t))
	}
	if f.cmd.Targets.All && len(f.cmd.Targets.List) > 0 {
		return console.Wrong("--target all is all of them: leave the others out")
	}
	if err := f.cmd.Check(); err != nil {
		return console.Wrong("%w", err)
	}
	return nil
}

func target(text string) observer.Target {
	if text == "" {
		return observer.Target{}
	}
	return observer.TargetOf(text)
}

func (f *ctlFlags) send(ctx context.Context, a *console.App) error {
	var answer struct {
		Results []observer.Result `json:"results"`
		Command string            `json:"command"`
	}
	if err := f.client.post(ctx, "/api/v1/control", &f.cmd, &answer); err != nil {
		return err
	}
	if err := f.print(a, answer.Results, answer); err != nil {
		return err
	}
	return notSent(answer.Results)
}

// notSent is the error of an order that did not go to all whom it was for; nil if it did.
func notSent(results []observer.Result) error {
	if len(results) == 0 {
		return fmt.Errorf("%w: the observer knows no node that is up", console.ErrNotSent)
	}
	const most = 10 // that are named
	var failed []string
	count := 0
	for _, r := range results {
		if r.Sent {
			continue
		}
		if count++; count <= most {
			failed = append(failed, r.Named+": "+r.Error)
		}
	}
	switch {
	case count == 0:
		return nil
	case len(results) == 1:
		return fmt.Errorf("%w to %s", console.ErrNotSent, failed[0])
	case count > most:
		failed = append(failed, fmt.Sprintf("and %d more", count-most))
	}
	return fmt.Errorf("%w to %d of %d nodes: %s", console.ErrNotSent, count, len(results), strings.Join(failed, "; "))
}

func (f *ctlFlags) print(a *console.App, results []observer.Result, whole any) error {
	if f.format == console.FormatJSON {
		return json.NewEncoder(a.Out).Encode(whole)
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"node", "name", "sent"})
	for _, r := range results {
		index, sent := "", "yes"
		if r.Node != nil {
			index = fmt.Sprint(*r.Node)
		}
		if !r.Sent {
			sent = "no: " + r.Error
		}
		t.AppendRow(table.Row{index, r.Named, sent})
	}
	_, err := fmt.Fprintln(a.Out, t.Render())
	return err
}
