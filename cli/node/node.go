// Package node has the command that runs one overlay node in a process of its own.
//
//	node.go       its flags
//	start.go      how it starts
//	any.go        algorithms that are no relay
//	peers.go      the nodes that its flags name; observed.go what it says of itself to observers
//	emulation.go  emulated bandwidth and links; lanes.go the lanes of links
//	process.go    the node at work: commands, reports, its end
//	events.go     what happens to its links, as lines of the log
//	asynclog.go   a log for which no node waits
package node

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// nodeFlags are the flags of "ioverlay node".
type nodeFlags struct {
	listen        string
	advertise     string
	observers     []string
	place         string
	group         string
	named         bool // --name was given
	algorithm     console.AlgorithmFlags
	name          string
	downstreams   []string
	upstreams     []string
	contacts      []string
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
	hang          time.Duration
}

const nodeHelp = `Run one overlay node until it is interrupted, then deliver what it has accepted
and stop.

The relay algorithm sends every message on to each --downstream. A node may also
have a source of its own (--source), a sink that counts and checks what arrives
(--sink), or both. --algorithm names another algorithm of this program; its neighbours
are --downstream and --upstream, and it knows the nodes of --contact. What arrives at it is counted each time it comes, and
--sink checks the content alone, since it may get messages twice and in any order.

A node is known by the address that it listens on, which others must be able to reach.
Where they reach another (behind NAT, in a container), --advertise names it, and --listen
may be 0.0.0.0:7000, or [::]:7000 for IPv6 and IPv4. Link-local IPv6 addresses have a zone,
as in [fe80::1%eth0]:7000; all those of a node have the same.

The node obeys commands from the first --observer and from itself only. Links are not
authenticated yet: run it where only your own nodes can reach its port. "ioverlay observer"
shows nodes in a browser, with --name, --group and --place if they are given.

Figures are reported on standard output: "forwarded" counts the messages of others that a
relay has sent on, and "lost" all that is known to be lost here, for downstreams too. Metrics that an
algorithm keeps of itself follow, with --format json in the object "metrics", with what has happened since the
report before; the last report is made when the node has ended. Problems,
and what happens to links and sessions (lines with msg=event), are on standard error; a
node does not wait for whoever reads them, and counts the lines that are dropped. SIGINT,
SIGTERM and SIGHUP end it alike. The exit code is 1 if --sink found messages lost, reordered
or corrupt; with another algorithm than relay, corrupt. An algorithm that does not return for --hang-after ends
the node with its name and place; what it held is lost.`

// Command is the command "node".
func Command(a *console.App) *cobra.Command {
	var f nodeFlags
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Run one overlay node",
		Long:  nodeHelp,
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
			f.named = cmd.Flags().Changed("name")
			return runNode(cmd.Context(), cmd, a.Registry, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address and port to listen on, and to be known by without --advertise; port 0 lets the system choose")
	fl.StringVar(&f.advertise, "advertise", "", "address that others reach, if it is not --listen; without a port, that of --listen")
	fl.StringArrayVar(&f.observers, "observer", nil, "observer that is told of this node, as address:port, and the only other node whose commands are obeyed; given again, more that look on")
	fl.StringVar(&f.group, "group", "", "with --observer: group of the node, such as gateway")
	fl.StringVar(&f.place, "place", "", "with --observer: where the node is, as latitude,longitude,label in degrees north and east, such as 52.5,13.4,Berlin; the label is optional")
	f.algorithm.Define(fl, theRelay, "what the node runs: "+console.Either(names(a)))
	fl.StringVar(&f.name, "name", "node", "name of the node, for algorithms that ask")
	fl.StringArrayVar(&f.downstreams, "downstream", nil, "node to send on to, as address:port; may be given again")
	fl.StringArrayVar(&f.upstreams, "upstream", nil, "node that sends to this one, as address:port, for algorithms that ask; may be given again")
	fl.StringArrayVar(&f.contacts, "contact", nil, "node that this one knows when it starts, as address:port; may be given again")
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
	console.HangFlag(fl, &f.hang)
	fl.StringVar(&f.memory, "memory", "", memory.Help)
	f.emul.define(fl)
	return cmd
}

// names are the algorithms that the program knows; relay alone before there is a program, as in a test.
func names(a *console.App) []string {
	if a.Registry == nil {
		return []string{theRelay}
	}
	return a.Registry.Names()
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
	if _, err := readPlace(f.place); err != nil {
		return err
	}
	if len(f.observers) == 0 && (f.place != "" || f.group != "") {
		return console.Wrong("--place and --group are for observers: name one with --observer ADDRESS:PORT")
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
