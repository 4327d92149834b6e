package node

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
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// nodeProcess is a running "ioverlay node".
type nodeProcess struct {
	flags   nodeFlags
	cmd     *cobra.Command
	engine  *engine.Engine
	log     *slog.Logger
	async   *asyncLog // behind log
	node    *engine.Node
	alg     whole
	source  countingSource
	checker *apps.Checker
	timed   *nodereport.Recording
	blind   bool // the last report lacked figures of the process
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
func (p *nodeProcess) report() (r nodereport.Report, err error) {
	if err := p.node.Do(func(n *core.Node) { r = p.collect(n.Stats()) }); err != nil {
		return r, err
	}
	p.usage(&r)
	return r, nil
}

// usage adds what the process has used. A figure that cannot be read (the process may
// be out of descriptors) is missing in the report, and no reason to go without it, let
// alone to end.
func (p *nodeProcess) usage(r *nodereport.Report) {
	u, err := nodereport.Self()
	if err != nil && !p.blind {
		p.log.Warn("a report without all figures of the process", "err", err)
	}
	p.blind = err != nil
	r.CPUSeconds, r.RSSPeak = u.CPU.Seconds(), u.RSSPeak
}

// collect reads the figures on the node's loop, or once that has ended.
func (p *nodeProcess) collect(s core.Stats) nodereport.Report {
	r := nodereport.Report{Node: p.node.ID().String(), LogDropped: p.async.Dropped()}
	r.LostOut, r.LostIn = s.Lost.OutMsgs+s.Lost.EmulMsgs, s.Lost.UnswitchedMsgs()
	pipes(&r, s.Downstream)
	if p.source != nil {
		r.Sent = p.source.Sent()
	}
	p.alg.fill(&r)
	r.Lost = r.LostOut + max(r.Missing, r.LostIn) // what was not switched here is missing at the sink
	if p.timed != nil {
		r.LatencyHDR = encode(p.timed.Histogram())
	}
	return r
}

// pipes says which links the bound on what is in flight has held up.
func pipes(r *nodereport.Report, lanes []core.LaneOut) {
	held := make(map[core.NodeID]time.Duration)
	var worst core.NodeID
	for _, l := range lanes {
		if l.PipeFull == 0 {
			continue
		}
		held[l.To] += l.PipeFull
		r.PipeFullS += l.PipeFull.Seconds()
		if worst.IsZero() || held[l.To] > held[worst] {
			worst = l.To
		}
	}
	if r.PipesFull = len(held); r.PipesFull > 0 {
		r.PipeWorst = worst.String()
	}
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

func (p *nodeProcess) write(out io.Writer, r nodereport.Report) error {
	if p.flags.control || p.flags.format == "json" {
		return json.NewEncoder(out).Encode(r)
	}
	_, err := fmt.Fprintf(out, "sent %d  forwarded %d  received %d (%.1f MB)  lost %d  out of order %d  corrupt %d  CPU %.2f s%s\n",
		r.Sent, r.Forwarded, r.Messages, float64(r.Bytes)/1e6, r.Lost, r.OutOfOrder, r.Corrupt, r.CPUSeconds, remarks(r))
	if own := r.Metrics.String(); own != "" && err == nil {
		_, err = fmt.Fprintf(out, "metrics  %s\n", own)
	}
	return err
}

// remarks are what a report says only if there is something to say.
func remarks(r nodereport.Report) (s string) {
	if r.Refused > 0 {
		s += fmt.Sprintf("  refused %d", r.Refused)
	}
	if r.PipesFull > 0 {
		s += fmt.Sprintf("  in-flight held up %d links for %.3f s (most to %s)", r.PipesFull, r.PipeFullS, r.PipeWorst)
	}
	if r.LogDropped > 0 {
		s += fmt.Sprintf("  log lines dropped %d", r.LogDropped)
	}
	return s
}

// stop ends the node gracefully and reports once more.
func (p *nodeProcess) stop(out io.Writer) error {
	err := p.engine.Stop(context.Background())
	s, _ := p.node.Stats() // the last ones; the error is that the engine has stopped, which it should have
	r := p.collect(s)
	p.usage(&r)
	if !p.flags.control {
		err = errors.Join(err, p.write(out, r))
	}
	if bad := r.Missing + r.OutOfOrder + r.Corrupt; bad > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d", console.ErrViolation, bad))
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
