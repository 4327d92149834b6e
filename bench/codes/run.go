package codes

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/ioverlay/ioverlay/coding/codes"
)

// Plan is what is measured.
type Plan struct {
	Codes  []string
	Ks     []int
	Size   int     // bytes of a packet; a multiple of 64 suits all codes
	Loss   float64 // share of packets that the channel loses
	Trials int     // blocks that go over the channel
	Rounds int     // how often CPU time is measured, all codes in turn
	Seed   uint64
}

// Point is one code at one size of blocks.
type Point struct {
	Kind       string  `json:"kind"` // "code"
	Code       string  `json:"code"`
	K          int     `json:"k"`
	Size       int     `json:"size_bytes"`
	Loss       float64 `json:"loss"`
	Systematic bool    `json:"systematic"`
	HeaderLen  int     `json:"header_bytes"`
	RecodedLen int     `json:"recoded_header_bytes"` // 0: relays cannot recode

	Trials    int     `json:"trials"`
	Failed    int     `json:"failed_trials"` // the code had no more packets; what follows is of the others
	ExtraMean float64 `json:"extra_packets_mean"`
	ExtraP99  int     `json:"extra_packets_p99"`
	// In packets sent, from when a packet was there until it could be delivered in order.
	DelayMean float64 `json:"delay_mean_packets"`
	DelayMost float64 `json:"delay_longest_mean_packets"` // the mean over the blocks of the longest

	Clock      string    `json:"clock"`
	EncodeMBps []float64 `json:"encode_mbytes_per_s"` // of coded payload, by round
	DecodeMBps []float64 `json:"decode_mbytes_per_s"` // of the block's payload, by round
}

// Encode and Decode are the medians over the rounds.
func (p Point) Encode() float64 { return median(p.EncodeMBps) }

// Decode is the median over the rounds.
func (p Point) Decode() float64 { return median(p.DecodeMBps) }

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// Steps is how many steps a plan has.
func (p Plan) Steps() int { return len(p.Codes) * len(p.Ks) * (1 + p.Rounds) }

// Run measures: first what goes over the channel, then CPU time, in rounds in which every code has its turn, so that
// what disturbs the machine disturbs all. step is told of each step.
func Run(ctx context.Context, p Plan, step func(what string)) ([]Point, error) {
	var points []Point
	var all []codes.Code
	for _, k := range p.Ks {
		for _, name := range p.Codes {
			c, err := codes.New(name, k)
			if err != nil {
				return nil, err
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			point, err := p.channel(c)
			if err != nil {
				return nil, fmt.Errorf("%s, k %d: %w", name, k, err)
			}
			step(fmt.Sprintf("%s, k %d", name, k))
			points, all = append(points, point), append(all, c)
		}
	}
	for round := range p.Rounds {
		for i, c := range all {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			out, err := costOf(c, p.Size, p.Loss, p.rng(c, uint64(round)+1))
			if err != nil {
				return nil, fmt.Errorf("%s, k %d: %w", c.Name(), c.K(), err)
			}
			const mega = 1e6
			points[i].EncodeMBps = append(points[i].EncodeMBps, float64(out.encoded)/mega/max(out.encode.Seconds(), 1e-9))
			points[i].DecodeMBps = append(points[i].DecodeMBps, float64(c.K()*p.Size)/mega/max(out.decode.Seconds(), 1e-9))
			step(fmt.Sprintf("%s, k %d", c.Name(), c.K()))
		}
	}
	return points, nil
}

// rng draws what a code's trials need, whatever others are measured.
func (p Plan) rng(c codes.Code, of uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, c.Name(), c.K(), of) // a hash takes everything
	return rand.New(rand.NewPCG(p.Seed, h.Sum64()))
}

// channel sends blocks over the channel.
func (p Plan) channel(c codes.Code) (Point, error) {
	point := Point{Kind: "code", Code: c.Name(), K: c.K(), Size: p.Size, Loss: p.Loss, Systematic: c.Systematic(),
		HeaderLen: c.HeaderLen(), RecodedLen: c.RecodedLen(), Trials: p.Trials, Clock: clockName}
	rng := p.rng(c, 0)
	var extra []int
	for range p.Trials {
		t, err := send(c, p.Loss, rng)
		if err != nil {
			return point, err
		}
		if t.failed {
			point.Failed++
			continue
		}
		extra = append(extra, t.extra)
		point.ExtraMean += float64(t.extra)
		point.DelayMean += t.delay
		point.DelayMost += float64(t.waited)
	}
	if n := float64(len(extra)); n > 0 {
		point.ExtraMean, point.DelayMean, point.DelayMost = point.ExtraMean/n, point.DelayMean/n, point.DelayMost/n
		slices.Sort(extra)
		point.ExtraP99 = extra[(len(extra)*99+99)/100-1] // nearest rank
	}
	return point, nil
}
