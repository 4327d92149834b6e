package observer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/record"
)

// HTTPFlags are those of every command that serves the page.
type HTTPFlags struct {
	Address   string
	TokenFile string
	Cert, Key string
	Hosts     []string
	ReadOnly  bool
}

// Define defines them.
func (f *HTTPFlags) Define(fl *pflag.FlagSet) {
	fl.StringVar(&f.Address, "http", "127.0.0.1:8080", "address of the page and the API; on any other than a loopback address a token is wanted, which is shown once")
	fl.StringVar(&f.TokenFile, "token-file", "", "file with the token that whoever asks must show, on a loopback address too; at least 16 characters")
	fl.StringVar(&f.Cert, "tls-cert", "", "with --tls-key: serve HTTPS with this certificate (PEM)")
	fl.StringVar(&f.Key, "tls-key", "", "key of --tls-cert (PEM)")
	fl.StringArrayVar(&f.Hosts, "host", nil, "name by which the page may be asked for, beside localhost and IP addresses; may be given again")
	fl.BoolVar(&f.ReadOnly, "read-only", false, "show all, and take no orders")
}

// Check says what is wrong with them.
func (f *HTTPFlags) Check() error {
	if (f.Cert == "") != (f.Key == "") {
		return console.Wrong("--tls-cert and --tls-key go together: one of them is missing")
	}
	if _, err := netip.ParseAddrPort(f.Address); err != nil {
		return console.Usage("http", f.Address, "an IP address and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for all of this host")
	}
	return nil
}

// Listening is what they ask for.
func (f *HTTPFlags) Listening(o api.Options) api.Listening {
	o.Hosts, o.ReadOnly = f.Hosts, f.ReadOnly
	return api.Listening{Address: f.Address, TokenFile: f.TokenFile, CertFile: f.Cert, KeyFile: f.Key, Options: o}
}

// Tell says where the page is, and its token if nobody else knows it.
func Tell(out io.Writer, s *api.Service) {
	fmt.Fprintf(out, "page %s/\n", s.URL)
	if s.Drawn {
		fmt.Fprintf(out, "token %s\n", s.Token)
	}
}

// observerFlags are the flags of "ioverlay observer".
type observerFlags struct {
	listen, advertise string
	poll              time.Duration
	hosts, nodes      int
	history           int
	title             string
	state             string
	log               string
	logSize, logFiles int
	record, later     string
	recSize, recFiles int
	http              HTTPFlags
	verbose           bool
}

// Command is the command "observer".
func Command(a *console.App) *cobra.Command {
	var f observerFlags
	cmd := &cobra.Command{
		Use:   "observer",
		Short: "Watch an overlay in a browser, and steer it",
		Long: `Run an observer until it is interrupted: a node that others are told of with --observer,
to which they report, and whose orders they obey. It serves a page and an API over HTTP.

It answers nodes that start with some that are there, asks all of them for their status
again and again, and shows what they say: nodes, links, applications, failures, trace
lines. Orders (bandwidth, links, sources, membership, termination, weights, messages of an algorithm) are
given on the page, with "ioverlay ctl", or over HTTP; docs/observer.md has all of it.

Observer and nodes trust the network between them: links are not authenticated yet. The
page is served on a loopback address unless --http says otherwise, and then whoever asks
must show a token.

Nodes find an observer that was killed and started again by themselves. With --state it asks
those that were there at once.

What is shown is recorded from the beginning with --record, or from when somebody asks for it, on the page or
with "ioverlay ctl record start". Exit codes: 0 interrupted, 2 wrong usage, 3 it could not go on.`,
		Example: `  ioverlay observer --listen 127.0.0.1:7000
  ioverlay node --observer 127.0.0.1:7000 --name sink --sink --place 52.5,13.4,Berlin
  ioverlay run examples/demo.yaml --world live --observer 127.0.0.1:7000
  ioverlay ctl set-bandwidth --target sink --up 50KBps`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return run(cmd.Context(), a, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:7000", "address and port that nodes are given with --observer")
	fl.StringVar(&f.advertise, "advertise", "", "address that nodes reach, if it is not --listen")
	fl.DurationVar(&f.poll, "poll", observer.DefaultPoll, "how often each node is asked for its status")
	fl.IntVar(&f.hosts, "hosts", observer.DefaultHosts, "nodes that one that starts is told of, drawn from those that are there; negative: none")
	fl.IntVar(&f.nodes, "max-nodes", observer.DefaultNodes, "nodes that can be known")
	fl.IntVar(&f.history, "history", live.DefaultHistory>>20, "memory for what was, in MiB")
	fl.StringVar(&f.title, "title", "", "title of the page")
	fl.StringVar(&f.state, "state", "", "file that keeps which nodes are there, for an observer that is started again")
	fl.StringVar(&f.log, "log", "", "file for the log as JSON lines: orders with who gave them, failures, trace lines")
	fl.IntVar(&f.logSize, "log-size", 20, "with --log: begin another file after so many MiB")
	fl.IntVar(&f.logFiles, "log-files", 10, "with --log: keep so many old files")
	fl.StringVar(&f.record, "record", "", "record what is shown in this file, for \"ioverlay view\" and \"ioverlay record\"")
	fl.StringVar(&f.later, "record-later", "observer.rec", "file of recordings that are begun later, on the page or with \"ioverlay ctl record\"; with --record it is that one's; \"\" lets none be begun or ended")
	fl.IntVar(&f.recSize, "record-size", live.DefaultRecordSize>>20, "of recordings: begin another file after so many MiB")
	fl.IntVar(&f.recFiles, "record-files", live.DefaultRecordFiles, "of recordings: keep so many old files")
	fl.BoolVar(&f.verbose, "verbose", false, "log more on standard error")
	f.http.Define(fl)
	return cmd
}

func (f *observerFlags) check() error {
	switch {
	case f.poll < 50*time.Millisecond || f.poll > time.Hour:
		return console.Usage("poll", f.poll.String(), "50ms to 1h")
	case f.hosts == 0 || f.hosts > 4096:
		return console.Usage("hosts", strconv.Itoa(f.hosts), "1 to 4096, or negative for none")
	case f.nodes < 1 || f.nodes > record.MaxNodes:
		return console.Between("max-nodes", f.nodes, 1, record.MaxNodes)
	case f.history < 1 || f.history > 1<<16:
		return console.Between("history", f.history, 1, 1<<16)
	case f.logSize < 1:
		return console.Usage("log-size", strconv.Itoa(f.logSize), "1 and up")
	case f.logFiles < 1:
		return console.Usage("log-files", strconv.Itoa(f.logFiles), "1 and up")
	case f.recSize < 1:
		return console.Usage("record-size", strconv.Itoa(f.recSize), "1 and up")
	case f.recFiles < 1:
		return console.Usage("record-files", strconv.Itoa(f.recFiles), "1 and up")
	}
	if _, err := netip.ParseAddrPort(f.listen); err != nil {
		return console.Usage("listen", f.listen, "an IP address and a port, such as 127.0.0.1:7000")
	}
	return f.http.Check()
}

func run(ctx context.Context, a *console.App, f observerFlags) (failed error) {
	if err := memory.Fits(); err != nil {
		return err
	}
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: level}))
	o := live.Options{
		Listen: f.listen, Advertise: f.advertise, Title: f.title, Version: console.ReadVersion().Version, Poll: f.poll, Hosts: f.hosts, Nodes: f.nodes,
		History: f.history << 20, StateFile: f.state, Log: log,
		Record: live.RecordOptions{File: f.later, Size: int64(f.recSize) << 20, Files: f.recFiles, Program: a.Name + " " + console.ReadVersion().Version},
	}
	if f.record != "" && f.later != "" {
		o.Record.File = f.record
	}
	if f.log != "" {
		file := &lumberjack.Logger{Filename: f.log, MaxSize: f.logSize, MaxBackups: f.logFiles}
		defer func() { failed = errors.Join(failed, file.Close()) }()
		o.LogTo = file
	}
	l, err := live.Start(o)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, l.Close()) }()
	if f.record != "" {
		now := o.Record
		now.File = f.record
		if _, err := l.Record(now); err != nil { // it is closed with the observer
			return console.InFile(fmt.Errorf("--record: %w", err))
		}
	}
	svc, err := api.Listen(l, f.http.Listening(api.Options{Log: log, Collect: l.Figures, Page: page()}))
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, svc.Close()) }()
	fmt.Fprintf(a.Out, "observer %v\n", l.ID())
	Tell(a.Out, svc)
	select {
	case <-ctx.Done():
		return nil
	case err := <-svc.Done():
		return fmt.Errorf("the page is served no more: %w", err)
	case <-l.Done():
		return errors.Join(errors.New("the observer has ended"), l.Crash())
	}
}
