package codingbench

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/coding/gf"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// runKernel does the relay's sums in a loop, and nothing else: after every n packets of a
// generation m combinations of those so far. Packets lie as they do in the chain, behind
// headers, and results go to another place each time, as they must when they are sent.
func runKernel(ctx context.Context, p Plan, b *block) (Point, error) {
	const header = 64
	stride := header + b.gen.K + b.gen.Size
	sources := strided(b.gen.K, stride, header, b.gen.Size)
	results := strided(max(32, 2*p.M), stride, header, b.gen.Size)
	rng := rand.New(rand.NewPCG(3, 4))
	rows := make([][]byte, p.M)
	for j := range rows {
		rows[j] = make([]byte, b.gen.K)
		for i := range rows[j] {
			rows[j][i] = byte(rng.Uint32())
		}
	}
	for i, s := range sources {
		copy(s, b.sources[i])
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	at, packets := 0, uint64(0)
	cut := make([][]byte, p.M)
	generation := func() {
		for have := p.N; have <= b.gen.K; have += p.N {
			if at+p.M > len(results) {
				at = 0
			}
			for j := range cut {
				cut[j] = rows[j][:have]
			}
			gf.MatMul(results[at:at+p.M], sources[:have], cut)
			at += p.M
			packets += uint64(p.M)
		}
	}
	return timed(p, func(d time.Duration) { // at least one generation
		for end := time.Now().Add(d); ; {
			for range 16 {
				generation()
			}
			if time.Now().After(end) || ctx.Err() != nil {
				return
			}
		}
	}, func() (Count, error) { return Count{Packets: packets}, nil })
}

// strided cuts packets out of one block, each behind a header.
func strided(n, stride, header, size int) (packets [][]byte) {
	b := make([]byte, n*stride)
	for i := range n {
		packets = append(packets, b[i*stride+header:][:size:size])
	}
	return packets
}

// timed lets a contestant run and counts what it did in the window.
func timed(p Plan, run func(time.Duration), count func() (Count, error)) (Point, error) {
	run(p.Warmup)
	before, err := count()
	if err != nil {
		return Point{}, err
	}
	cpu, err := nodereport.Self()
	if err != nil {
		return Point{}, err
	}
	start := time.Now()
	run(p.Duration)
	after, err := count()
	if err != nil {
		return Point{}, err
	}
	wall := time.Since(start)
	used, err := nodereport.Self()
	if err != nil {
		return Point{}, err
	}
	packets := after.Packets - before.Packets
	pt := Point{Kind: ObjectPoint, Seconds: wall.Seconds(), CPUSeconds: (used.CPU - cpu.CPU).Seconds(), Packets: packets, Wrong: after.Wrong}
	bytes := float64(packets) * float64(p.Size)
	pt.GoodputPerS = bytes / pt.Seconds
	if pt.CPUSeconds > 0 {
		pt.BytesPerCPUS = bytes / pt.CPUSeconds
	}
	if packets > 0 {
		pt.CPUPerPacketNS = pt.CPUSeconds * 1e9 / float64(packets)
	}
	if sampled := after.Sampled; sampled > 0 {
		pt.InnovativeRatio = float64(after.Innovative) / float64(sampled)
		pt.DecodedGenerations = after.Decoded
	}
	return pt, nil
}

// runLibrary does what the relay does with package coding, in a loop: the sums, and besides
// them the rank test, coefficients and headers. What it takes more than the kernel is the
// library's part, and what the chain takes more than it is the switch's.
func runLibrary(ctx context.Context, p Plan, b *block) (Point, error) {
	var rec coding.Recoder
	results := strided(max(32, 2*p.M), 64+b.gen.VectorLen(), 64, b.gen.VectorLen())
	g, at, packets := b.gen, 0, uint64(0)
	generation := func() error {
		if err := rec.Reset(g); err != nil {
			return err
		}
		for i, c := range b.coded {
			if _, err := rec.Add(c); err != nil {
				return err
			}
			if (i+1)%p.N != 0 {
				continue
			}
			if at+p.M > len(results) {
				at = 0
			}
			if err := rec.RecodeAll(results[at : at+p.M]); err != nil {
				return err
			}
			at += p.M
			packets += uint64(p.M)
		}
		return nil
	}
	if err := generation(); err != nil {
		return Point{}, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return timed(p, func(d time.Duration) {
		for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
			for range 16 {
				if err := generation(); err != nil {
					panic("codingbench: what went well once: " + err.Error())
				}
			}
		}
	}, func() (Count, error) { return Count{Packets: packets}, nil })
}
