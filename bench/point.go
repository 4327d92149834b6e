package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

const (
	// firstMessageWait is how long a chain may take from being built to its first message at the sink.
	firstMessageWait = 10 * time.Second
	// drainWait is how long a chain may take to deliver what is under way when its source has stopped.
	drainWait = 10 * time.Second
	// glance is how often a chain that starts is looked at.
	glance = time.Millisecond
)

// RunPoint measures one point in this process: it builds the chain, lets it warm up, takes a snapshot at both ends of
// the window, drains the chain so that the counts are final, and closes it. The error wraps ErrSpec or
// ErrUnknownKind if the point is not a possible one, and the context's cause if that ended the measurement.
func RunPoint(ctx context.Context, kinds []Kind, s Spec) (Point, error) {
	if err := s.Validate(); err != nil {
		return Point{}, err
	}
	kind, err := FindKind(kinds, s.Kind)
	if err != nil {
		return Point{}, err
	}
	chain, err := kind.Build(ctx, s)
	if err != nil {
		return Point{}, fmt.Errorf("build a %s chain of %d nodes: %w", s.Kind, s.Nodes, err)
	}
	p, err := measure(ctx, chain, s)
	if err := errors.Join(err, chain.Close()); err != nil {
		return Point{}, fmt.Errorf("measure a %s chain of %d nodes: %w", s.Kind, s.Nodes, err)
	}
	return p, nil
}

func measure(ctx context.Context, chain Chain, s Spec) (Point, error) {
	if err := warmUp(ctx, chain, s.Warmup); err != nil {
		return Point{}, err
	}
	w, err := window(ctx, chain, s)
	if err != nil {
		return Point{}, err
	}
	drainCtx, cancel := context.WithTimeoutCause(ctx, drainWait,
		fmt.Errorf("messages were still under way %v after the source had stopped", drainWait))
	defer cancel()
	if err := chain.Drain(drainCtx); err != nil {
		return Point{}, err
	}
	final, err := chain.Snapshot()
	if err != nil {
		return Point{}, err
	}
	p := newPoint(s, w, final)
	if s.Pass == PassLatency {
		p.LatencyNS = quantiles(chain.Latency())
		p.HopLatencyNS = p.LatencyNS.dividedBy(s.Links())
	}
	return p, nil
}

// warmUp waits for the first message and then for the given time.
func warmUp(ctx context.Context, chain Chain, d time.Duration) error {
	firstCtx, cancel := context.WithTimeoutCause(ctx, firstMessageWait,
		fmt.Errorf("no message reached the end of the chain within %v", firstMessageWait))
	defer cancel()
	for {
		now, err := chain.Snapshot()
		if err != nil {
			return err
		}
		if now.Messages > 0 {
			return pause(ctx, d)
		}
		if err := pause(firstCtx, glance); err != nil {
			return err
		}
	}
}

// measured is what happened between two snapshots.
type measured struct {
	elapsed  time.Duration
	messages uint64
	cpu      time.Duration
	rssPeak  int64 // at the end
}

func window(ctx context.Context, chain Chain, s Spec) (w measured, err error) {
	stopProfile, err := startProfile(s.CPUProfile)
	if err != nil {
		return measured{}, err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	begin, err := chain.Snapshot()
	if err != nil {
		return measured{}, err
	}
	started := time.Now()
	if err := pause(ctx, s.Duration); err != nil {
		return measured{}, err
	}
	end, err := chain.Snapshot()
	if err != nil {
		return measured{}, err
	}
	return measured{
		elapsed:  time.Since(started),
		messages: end.Messages - begin.Messages,
		cpu:      end.CPU - begin.CPU,
		rssPeak:  end.RSSPeak,
	}, nil
}

func newPoint(s Spec, w measured, final Snapshot) Point {
	seconds, cpuSeconds := w.elapsed.Seconds(), w.cpu.Seconds()
	hops := float64(w.messages) * float64(s.Links())
	payload := float64(s.PayloadBytes)
	return Point{
		Kind:            s.Kind,
		Pass:            s.Pass,
		Nodes:           s.Nodes,
		PayloadBytes:    s.PayloadBytes,
		Round:           s.Round,
		Loops:           s.Loops,
		Seconds:         seconds,
		Messages:        w.messages,
		E2EBytesPerS:    per(float64(w.messages)*payload, seconds),
		TotalBytesPerS:  per(hops*payload, seconds),
		CPUSeconds:      cpuSeconds,
		BytesPerCPUS:    per(hops*payload, cpuSeconds),
		MessagesPerCPUS: per(hops, cpuSeconds),
		RSSPeakBytes:    w.rssPeak,
		LostMessages:    final.Lost,
		OutOfOrder:      final.OutOfOrder,
		Corrupt:         final.Corrupt,
		RatePerSecond:   s.RatePerSecond,
	}
}

// per divides, and returns 0 where there is nothing to divide by: JSON has no infinity.
func per(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// pause returns the context's cause if that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// startProfile begins a CPU profile of this process in a file; with no name it does nothing.
func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("create a CPU profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("start a CPU profile: %w", err), file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
