// Package node has the command that runs one overlay node in a process of its own.
//
//	node.go       its flags, and how it starts
//	peers.go      the nodes that its flags name
//	emulation.go  emulated bandwidth and links; lanes.go the lanes of links
//	process.go    the node at work: commands, reports, its end
//	events.go     what happens to its links, as lines of the log
//	asynclog.go   a log for which no node waits
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/perf"
)

// nodeFlags are the flags of "ioverlay node".
type nodeFlags struct {
	listen        string
	advertise     string
	observer      string
	algorithm     string
	downstreams   []string
	source        string
	app           uint32
	payload       int
	limit         uint64
	sink          bool
	checkEvery    uint64
	latency       bool
	latencyWarmup time.Duration
	report        time.Duration
	control       bool
	format        string
	pprof         string
	emul          emulFlags
	verbose       bool
	logFormat     string
	stallTimeout  time.Duration
	failTimeout   time.Duration
	idleTimeout   time.Duration
	lanes         string
	shm           bool
	epoch         int64
	memory        string
}

// Command is the command "node".
func Command(*console.App) *cobra.Command {
	var f nodeFlags
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Run one overlay node",
		Long: `Run one overlay node until it is interrupted, then deliver what it has accepted
and stop.

The relay algorithm sends every message on to each --downstream. A node may also
have a source of its own (--source), a sink that counts and checks what arrives
(--sink), or both.

A node is known by the address that it listens on, which others must be able to reach.
Where they reach another (behind NAT, in a container), --advertise names it, and --listen
may be 0.0.0.0:7000, or [::]:7000 for IPv6 and IPv4. Link-local IPv6 addresses have a zone,
as in [fe80::1%eth0]:7000; all those of a node have the same.

The node obeys commands from --observer and from itself only. Links are not authenticated
yet: run it where only your own nodes can reach its port.

Figures are reported on standard output: "forwarded" counts the messages of others that
were sent on, and "lost" all that is known to be lost here, for downstreams too. Problems,
and what happens to links and sessions (lines with msg=event), are on standard error; a
node does not wait for whoever reads them, and counts the lines that are dropped. SIGINT,
SIGTERM and SIGHUP end it alike. The exit code is 1 if --sink found messages lost, reordered
or corrupt.`,
		Example: `  # a chain of three processes, from its end to its beginning
  ioverlay node --listen 127.0.0.1:7003 --sink --report 1s
  ioverlay node --listen 127.0.0.1:7002 --downstream 127.0.0.1:7003
  ioverlay node --listen 127.0.0.1:7001 --downstream 127.0.0.1:7002 --source back-to-back

  # a slow uplink, and a link with latency and loss
  ioverlay node --source back-to-back --downstream 127.0.0.1:7002 --up 400KBps \
      --link 127.0.0.1:7002,latency=20ms,jitter=normal:2ms,loss=0.01

  # 200 messages of 1000 bytes a second to two downstreams
  ioverlay node --source rate:200 --payload 1000 --downstream 127.0.0.1:7002 --downstream 127.0.0.1:7003`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runNode(cmd.Context(), cmd, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address and port to listen on, and to be known by without --advertise; port 0 lets the system choose")
	fl.StringVar(&f.advertise, "advertise", "", "address that others reach, if it is not --listen; without a port, that of --listen")
	fl.StringVar(&f.observer, "observer", "", "the only other node whose commands are obeyed, as address:port; it is told when this one starts")
	fl.StringVar(&f.algorithm, "algorithm", "relay", "what the node runs: relay")
	fl.StringArrayVar(&f.downstreams, "downstream", nil, "node to send on to, as address:port; may be given again")
	fl.StringVar(&f.source, "source", "", "start a source: back-to-back, or rate:N for N messages a second")
	fl.Uint32Var(&f.app, "app", 1, "application (session) of the source, from 1")
	fl.IntVar(&f.payload, "payload", 5120, "payload bytes in a message of the source")
	fl.Uint64Var(&f.limit, "messages", 0, "messages that the source sends; 0 means no end")
	fl.BoolVar(&f.sink, "sink", false, "count and check what arrives")
	fl.Uint64Var(&f.checkEvery, "check-every", 1, "with --sink: check the content of every Nth message only; checking one costs 0.3 µs for 5 KB")
	fl.BoolVar(&f.latency, "latency", false, "with --sink: record the latency of messages of a rate source")
	fl.DurationVar(&f.latencyWarmup, "latency-warmup", 0, "with --latency: leave out the first messages, for this long")
	fl.DurationVar(&f.report, "report", 0, "report at this interval; 0 means only at the end")
	fl.BoolVar(&f.control, "control", false, "obey commands on standard input, a line each: report, stop-source, stop; answer in JSON; stop when it ends")
	fl.StringVar(&f.format, "format", "table", "how to report: table or json")
	fl.StringVar(&f.pprof, "pprof", "", "serve net/http/pprof on this loopback address, such as 127.0.0.1:6060")
	fl.BoolVar(&f.verbose, "verbose", false, "log more")
	fl.StringVar(&f.logFormat, "log-format", "text", "how to log: text or json")
	fl.DurationVar(&f.stallTimeout, "stall-timeout", core.DefaultStallTimeout, "how long a link may have data to send and not move before that is told")
	fl.DurationVar(&f.failTimeout, "fail-timeout", core.DefaultFailTimeout, "how long a peer's system may answer nothing before its link ends")
	fl.DurationVar(&f.idleTimeout, "idle-timeout", core.DefaultIdleTimeout, "how long a link may rest before it is closed; the next message opens it again; negative: it is kept")
	fl.StringVar(&f.lanes, "lanes", "app", "lanes of a link: app, one for each application, or shared, one for all; both ends alike")
	fl.BoolVar(&f.shm, "shm", true, "links to and from processes of the same user on this host go through shared memory, if they have this too (Linux); --shm=false: all by TCP")
	fl.Int64Var(&f.epoch, "epoch", int64(engine.MachineEpoch), "when the node's world began, in ns of the machine's monotonic clock: nodes of one world on one machine are given the same; the default suits nodes started by hand")
	fl.StringVar(&f.memory, "memory", "", memory.Help)
	f.emul.define(fl)
	return cmd
}

// check finds what is wrong with the flags and says what is allowed.
func (f nodeFlags) check() (p peers, err error) {
	if p, err = f.peers(); err != nil {
		return p, err
	}
	return p, f.checkRest()
}

// checkRest checks all but the peers.
func (f nodeFlags) checkRest() (err error) {
	switch {
	case f.algorithm != "relay":
		return console.Usage("algorithm", f.algorithm, "relay; other algorithms are Go programs, see docs/algorithm.md")
	case f.app == 0:
		return console.Usage("app", "0", "1 and up; 0 is the control lane")
	case f.payload < 0 || f.payload > maxPayload:
		return console.Usage("payload", strconv.Itoa(f.payload), fmt.Sprintf("0 to %d bytes", maxPayload))
	case f.checkEvery < 1:
		return console.Usage("check-every", "0", "1 and up")
	case f.latency && !f.sink:
		return console.Usage("latency", "true", "only together with --sink, which measures it")
	case f.logFormat != "text" && f.logFormat != "json":
		return console.Usage("log-format", f.logFormat, "text or json")
	case f.stallTimeout <= 0:
		return console.Usage("stall-timeout", f.stallTimeout.String(), "above 0")
	case f.failTimeout <= 0:
		return console.Usage("fail-timeout", f.failTimeout.String(), "above 0")
	case f.idleTimeout == 0:
		return console.Usage("idle-timeout", "0", "above 0, or negative to keep links at rest")
	case f.epoch <= 0 || f.epoch > int64(engine.Clock()):
		return console.Usage("epoch", strconv.FormatInt(f.epoch, 10),
			fmt.Sprintf("1 to %d, which is what the machine's monotonic clock says now", engine.Clock()))
	case f.report < 0:
		return console.Usage("report", f.report.String(), "0 or an interval")
	}
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	if _, err := f.emul.read(f.payload); err != nil {
		return err
	}
	if _, err := readLanes(f.lanes); err != nil {
		return err
	}
	if _, err = memory.Read(f.memory); err != nil {
		return err
	}
	_, err = f.newSource()
	return err
}

// maxPayload is the switch's default limit for a message.
const maxPayload = 1 << 20

// countingSource is what the sources of package apps have in common.
type countingSource interface {
	core.Source
	Sent() uint64
}

// newSource makes the source that --source asks for; nil if none.
func (f nodeFlags) newSource() (countingSource, error) {
	stream := apps.Stream{App: f.app, Payload: f.payload, Limit: f.limit}
	rate, isRate := strings.CutPrefix(f.source, "rate:")
	switch {
	case f.source == "":
		return nil, nil
	case f.source == "back-to-back":
		return apps.NewBackToBack(stream), nil
	case isRate:
		r, err := strconv.ParseFloat(rate, 64)
		if err != nil || !(r > 0 && r <= 1e9) {
			return nil, console.Usage("source", f.source, "rate:N with a number of messages a second above 0 and up to 1e9")
		}
		return apps.NewConstantRate(stream, r), nil
	}
	return nil, console.Usage("source", f.source, "back-to-back, or rate:N for N messages a second")
}

// runNode runs the node until the context ends or its input says so.
func runNode(ctx context.Context, cmd *cobra.Command, f nodeFlags) (err error) {
	known, err := f.check()
	if err != nil {
		return err
	}
	if f.pprof != "" {
		stop, bound, err := perf.ServePprof(f.pprof)
		if err != nil {
			return fmt.Errorf("--pprof: %w", err)
		}
		defer func() { err = errors.Join(err, stop()) }()
		fmt.Fprintf(cmd.ErrOrStderr(), "pprof: http://%s/debug/pprof/\n", bound)
	}
	log, async := f.logger(cmd.ErrOrStderr())
	// The report has the count of dropped lines, and there is nowhere else to say so.
	defer func() { _ = async.Close() }()
	p, err := startNodeProcess(cmd, f, known, log)
	if err != nil {
		return err
	}
	p.async = async
	return p.run(ctx)
}

// startNodeProcess starts the engine, the node and its source.
func startNodeProcess(cmd *cobra.Command, f nodeFlags, known peers, log *slog.Logger) (*nodeProcess, error) {
	emu, err := f.emul.read(f.payload)
	if err != nil {
		return nil, err
	}
	lanes, err := readLanes(f.lanes)
	if err != nil {
		return nil, err
	}
	budget, err := memory.Budget(f.memory)
	if err != nil {
		return nil, err
	}
	e, err := engine.New(engine.Options{ // one node lives on one loop
		Loops: 1, Log: log, Core: core.Config{Lanes: lanes, StallTimeout: f.stallTimeout, FailTimeout: f.failTimeout, IdleTimeout: f.idleTimeout},
		Links: linksOf(f.shm), Pool: bufpool.Options{Budget: budget}, Buffers: emu.buffers, Epoch: time.Duration(f.epoch),
	})
	if err != nil {
		return nil, err
	}
	p := &nodeProcess{flags: f, cmd: cmd, engine: e, log: log}
	if err := p.addNode(known, emu); err != nil {
		e.Close()
		return nil, err
	}
	return p, nil
}

func (f nodeFlags) logger(w io.Writer) (*slog.Logger, *asyncLog) {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if f.verbose {
		o.Level = slog.LevelDebug
	}
	return newAsyncLog(w, func(w io.Writer) slog.Handler {
		if f.logFormat == "json" {
			return slog.NewJSONHandler(w, o)
		}
		return slog.NewTextHandler(w, o)
	})
}

func (p *nodeProcess) addNode(known peers, emu emulated) (err error) {
	var sink core.Sink
	if p.flags.sink {
		p.checker = &apps.Checker{SampleEvery: p.flags.checkEvery}
		sink = p.checker
		if p.flags.latency {
			p.timed = nodereport.NewRecording(p.flags.latencyWarmup)
			p.checker.Latency = p.timed.Record
		}
	}
	if p.source, err = p.flags.newSource(); err != nil {
		return err
	}
	p.engine.AllUp() // whoever else there is, this node joins a world that has begun
	r := relay.New(sink, known.downstreams...)
	r.Observer = known.observer
	p.alg = newLogged(r, len(known.downstreams), p.log, p.engine.Options().Epoch)
	p.node, err = p.engine.AddNode(p.alg, engine.NodeOptions{
		Listen: p.flags.listen, Advertise: p.flags.advertise, Zone: known.zone, Bandwidth: emu.node,
	})
	if err != nil {
		return err
	}
	return p.node.Do(func(n *core.Node) {
		emu.apply(n)
		if p.source != nil {
			n.AddSource(p.flags.app, p.source)
		}
	})
}
