package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// nodeProcess is a running "ioverlay node".
type nodeProcess struct {
	flags   nodeFlags
	cmd     *cobra.Command
	engine  *engine.Engine
	log     *slog.Logger
	node    *engine.Node
	source  countingSource
	checker *apps.Checker
	timed   *bench.Recording
}

// run obeys commands, reports, and stops when told to.
func (p *nodeProcess) run(ctx context.Context) error {
	out := p.cmd.OutOrStdout()
	var commands <-chan string
	if p.flags.control {
		if err := p.writeReport(out); err != nil { // where it listens
			return err
		}
		commands = readLines(p.cmd.InOrStdin())
	} else {
		fmt.Fprintf(out, "node %v\n", p.node.ID())
	}
	var tick <-chan time.Time
	if p.flags.report > 0 {
		t := time.NewTicker(p.flags.report)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return p.stop(out)
		case <-p.node.Done():
			return p.ended()
		case <-tick:
			if err := p.writeReport(out); err != nil {
				return err
			}
		case command, ok := <-commands:
			if !ok || command == "stop" {
				return p.stop(out)
			}
			if err := p.obey(command, out); err != nil {
				return err
			}
		}
	}
}

// readLines passes on lines until the input ends.
func readLines(r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

func (p *nodeProcess) obey(command string, out io.Writer) error {
	switch command {
	case "report":
	case "stop-source":
		if err := p.node.Do(func(n *core.Node) { n.StopSource(p.flags.app) }); err != nil {
			return err
		}
	default:
		return fmt.Errorf("unknown command %q on standard input: use report, stop-source or stop", command)
	}
	return p.writeReport(out)
}

// report asks the node for its figures.
func (p *nodeProcess) report() (r bench.NodeReport, err error) {
	if err := p.node.Do(func(*core.Node) { r = p.collect() }); err != nil {
		return r, err
	}
	usage, err := bench.SelfUsage()
	r.CPUSeconds, r.RSSPeak = usage.CPU.Seconds(), usage.RSSPeak
	return r, err
}

// collect reads the figures on the node's loop, or once that has ended.
func (p *nodeProcess) collect() bench.NodeReport {
	r := bench.NodeReport{Node: p.node.ID().String()}
	if p.source != nil {
		r.Sent = p.source.Sent()
	}
	if p.checker != nil {
		t := p.checker.Tally()
		r.Messages, r.Bytes = t.Messages, t.Bytes
		r.Lost, r.OutOfOrder, r.Corrupt = t.Lost, t.OutOfOrder, t.Corrupt
	}
	if p.timed != nil {
		r.LatencyHDR = encode(p.timed.Histogram())
	}
	return r
}

func encode(h *hdrhistogram.Histogram) string {
	b, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic("ioverlay: a latency histogram: " + err.Error()) // it was made here
	}
	return string(b)
}

func (p *nodeProcess) writeReport(out io.Writer) error {
	r, err := p.report()
	if err != nil {
		return err
	}
	return p.write(out, r)
}

func (p *nodeProcess) write(out io.Writer, r bench.NodeReport) error {
	if p.flags.control || p.flags.format == "json" {
		return json.NewEncoder(out).Encode(r)
	}
	_, err := fmt.Fprintf(out, "sent %d  received %d (%.1f MB)  lost %d  out of order %d  corrupt %d  CPU %.2f s\n",
		r.Sent, r.Messages, float64(r.Bytes)/1e6, r.Lost, r.OutOfOrder, r.Corrupt, r.CPUSeconds)
	return err
}

// stop ends the node gracefully and reports once more.
func (p *nodeProcess) stop(out io.Writer) error {
	err := p.engine.Stop(context.Background())
	r := p.collect()
	usage, usageErr := bench.SelfUsage()
	r.CPUSeconds, r.RSSPeak = usage.CPU.Seconds(), usage.RSSPeak
	err = errors.Join(err, usageErr)
	if !p.flags.control {
		err = errors.Join(err, p.write(out, r))
	}
	if bad := r.Lost + r.OutOfOrder + r.Corrupt; bad > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d", errViolation, bad))
	}
	return err
}

// ended says why the node is gone although nobody stopped it.
func (p *nodeProcess) ended() error {
	err := errors.New("the node has been terminated")
	if c := p.node.Crash(); c != nil {
		err = fmt.Errorf("the algorithm panicked: %v", c.Value)
	}
	return errors.Join(err, p.engine.Stop(context.Background()))
}
