// Package attack measures a relay between real processes while strangers attack it: what its stream still gets, and
// what memory they cost it. Each attack has a time of its own, with quiet before and after all.
package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// Spec is what is measured.
type Spec struct {
	Payload  int           // of the stream, bytes
	Silent   int           // connections that say nothing
	Rate     int           // connections a second at most, of attacks that connect again and again
	Duration time.Duration // of each attack
	Seed     uint64        // of the garbage

	Progress func(what string, done, of int) // may be nil
}

// Result is what an attack did.
type Result struct {
	Kind     string  `json:"kind"` // "attack"
	Attack   string  `json:"attack"`
	Attempts int     `json:"attempts"`          // connections that came
	PerS     float64 `json:"attempts_per_s"`    // of them, a second
	Messages float64 `json:"messages_per_s"`    // of the stream, at its end
	OfQuiet  float64 `json:"of_quiet"`          // as a share of what it was before all attacks
	Peak     int64   `json:"relay_peak_bytes"`  // resident memory of the relay at most, since it began
	Grown    int64   `json:"relay_grown_bytes"` // by how much this attack raised it
	Corrupt  uint64  `json:"corrupt"`           // messages of the stream that arrived wrong, out of order or not at all, so far
}

// attack is one: it goes on until the context ends, and returns how many connections came.
type attack struct {
	name string
	run  func(ctx context.Context, b *bed) int
}

func attacks(s Spec) []attack {
	return []attack{
		{"none, before", func(ctx context.Context, _ *bed) int { <-ctx.Done(); return 0 }},
		{fmt.Sprintf("%d silent connections", s.Silent), func(ctx context.Context, b *bed) int {
			var open []net.Conn
			for range s.Silent {
				if c := b.dial(ctx); c != nil {
					open = append(open, c)
				}
			}
			<-ctx.Done()
			for _, c := range open {
				_ = c.Close()
			}
			return len(open)
		}},
		{"connect and reset", func(ctx context.Context, b *bed) int {
			return b.again(ctx, func(c net.Conn) {
				if t, ok := c.(*net.TCPConn); ok {
					_ = t.SetLinger(0)
				}
			})
		}},
		{"garbage", func(ctx context.Context, b *bed) int {
			return b.again(ctx, func(c net.Conn) {
				p := make([]byte, 1+b.dice.IntN(2000))
				for i := range p {
					p[i] = byte(b.dice.Uint32())
				}
				_, _ = c.Write(p) // the node may have closed it by then
			})
		}},
		{"hello, then garbage", func(ctx context.Context, b *bed) int {
			return b.again(ctx, func(c net.Conn) {
				from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(b.dice.Uint32()), byte(b.dice.Uint32())}), 7000)
				p := wire.Hello{From: wire.NodeIDFrom(from), App: 1 << 30}.AppendTo(nil)
				for range 1 + b.dice.IntN(200) {
					p = append(p, byte(b.dice.Uint32()))
				}
				_, _ = c.Write(p)
			})
		}},
		{"a sink that is stopped (SIGSTOP) and goes on", func(ctx context.Context, b *bed) int {
			if b.sink.Signal(syscall.SIGSTOP) != nil {
				return 0
			}
			half := time.NewTimer(b.spec.Duration / 2)
			defer half.Stop()
			select {
			case <-half.C:
			case <-ctx.Done():
			}
			if b.sink.Signal(syscall.SIGCONT) != nil {
				return 0
			}
			<-ctx.Done()
			return 1
		}},
		{"none, after", func(ctx context.Context, _ *bed) int { <-ctx.Done(); return 0 }},
	}
}

// bed is a chain of three processes, and who attacks the middle.
type bed struct {
	spec                Spec
	dice                *rand.Rand
	source, relay, sink *subprocess.Process
	at                  string // the relay's address
}

// Run measures all attacks, and calls record with each result. An interrupted run returns what it has, and the context's error.
func Run(ctx context.Context, s Spec, record func(Result) error) (all []Result, err error) {
	b := &bed{spec: s, dice: rand.New(rand.NewPCG(s.Seed, 0xa77ac))}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.start(ctx); err != nil {
		return nil, err
	}
	list := attacks(s)
	peak := int64(0)
	for i, a := range list {
		if s.Progress != nil {
			s.Progress(a.name, i, len(list))
		}
		r, err := b.measure(ctx, a)
		if err != nil {
			return all, err
		}
		if i > 0 {
			r.Grown, r.OfQuiet = r.Peak-peak, r.Messages/all[0].Messages
		} else {
			r.OfQuiet = 1
		}
		peak = r.Peak
		if err := record(r); err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

func (b *bed) start(ctx context.Context) error {
	next := ""
	for _, n := range []struct {
		name string
		of   **subprocess.Process
		args []string
	}{
		{"the sink", &b.sink, []string{"--sink"}},
		{"the relay", &b.relay, nil},
		{"the source", &b.source, []string{"--source", "back-to-back", "--payload", strconv.Itoa(b.spec.Payload)}},
	} {
		args := append([]string{"node", "--control", "--listen", "127.0.0.1:0"}, n.args...)
		if next != "" {
			args = append(args, "--downstream", next)
		}
		program, err := subprocess.Self(args...)
		if err != nil {
			return err
		}
		if *n.of, err = subprocess.Start(context.WithoutCancel(ctx), subprocess.Command{Name: n.name, Program: program}); err != nil {
			return err
		}
		var r nodereport.Report
		if err := (*n.of).Receive(ctx, &r); err != nil {
			return err
		}
		if next = r.Node; n.name == "the relay" {
			b.at = next
		}
	}
	return nil
}

// measure attacks for a time. The stream is measured over its last third, when an attack that builds up has done so.
func (b *bed) measure(ctx context.Context, a attack) (r Result, err error) {
	during, cancel := context.WithTimeout(ctx, b.spec.Duration)
	defer cancel()
	came := make(chan int, 1)
	go func() { came <- a.run(during, b) }()
	defer func() {
		cancel()
		if r.Attempts = <-came; err == nil {
			r.PerS = float64(r.Attempts) / b.spec.Duration.Seconds()
		}
	}()
	wait := time.NewTimer(b.spec.Duration * 2 / 3)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return r, context.Cause(ctx)
	}
	began := time.Now()
	before, err := b.ask(ctx, b.sink)
	if err != nil {
		return r, err
	}
	<-during.Done()
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	after, err := b.ask(ctx, b.sink)
	if err != nil {
		return r, err
	}
	took := time.Since(began)
	relay, err := b.ask(ctx, b.relay)
	if err != nil {
		return r, err
	}
	return Result{
		Kind: "attack", Attack: a.name, Messages: float64(after.Messages-before.Messages) / took.Seconds(), Peak: int64(relay.RSSPeak),
		Corrupt: after.Corrupt + after.OutOfOrder + after.Missing,
	}, nil
}

func (b *bed) ask(ctx context.Context, p *subprocess.Process) (r nodereport.Report, err error) {
	err = p.Ask(ctx, "report", &r)
	return r, err
}

// dial connects to the relay; nil if that cannot be.
func (b *bed) dial(ctx context.Context) net.Conn {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", b.at)
	if err != nil {
		return nil
	}
	return c
}

// again connects one after another, says something, and closes.
func (b *bed) again(ctx context.Context, say func(net.Conn)) (count int) {
	began := time.Now()
	for ctx.Err() == nil {
		if early := time.Duration(count)*time.Second/time.Duration(b.spec.Rate) - time.Since(began); early > 0 {
			time.Sleep(min(early, 50*time.Millisecond))
			continue
		}
		c := b.dial(ctx)
		if c == nil {
			continue
		}
		count++
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		say(c)
		_ = c.Close()
	}
	return count
}

func (b *bed) close() (err error) {
	for _, p := range []*subprocess.Process{b.source, b.relay, b.sink} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}
