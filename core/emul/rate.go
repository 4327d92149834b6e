package emul

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Rate is a bandwidth in bytes a second. 0 means no limit.
type Rate int64

// Units of bandwidth: 1 KBps is 1000 bytes a second.
const (
	Bps  Rate = 1
	KBps      = 1000 * Bps
	MBps      = 1000 * KBps
	GBps      = 1000 * MBps
)

// Unlimited is the rate that holds nothing up.
const Unlimited Rate = 0

// MaxRate bounds a rate: above what any memory moves, and low enough that the
// arithmetic of this package cannot overflow.
const MaxRate = 10_000 * GBps

// String is the rate in the largest unit in which it is at least 1, such as
// "400 KBps".
func (r Rate) String() string {
	switch {
	case r == Unlimited:
		return "unlimited"
	case r >= GBps:
		return fmt.Sprintf("%.4g GBps", float64(r)/float64(GBps))
	case r >= MBps:
		return fmt.Sprintf("%.4g MBps", float64(r)/float64(MBps))
	case r >= KBps:
		return fmt.Sprintf("%.4g KBps", float64(r)/float64(KBps))
	}
	return fmt.Sprintf("%d Bps", int64(r))
}

// rateUnits are the units that ParseRate knows, the longest names first.
var rateUnits = []struct {
	name string
	rate Rate
}{{"KBps", KBps}, {"MBps", MBps}, {"GBps", GBps}, {"Bps", Bps}}

// ParseRate reads a rate such as "400KBps" or "1.5 MBps": a number and one of Bps,
// KBps, MBps and GBps, spelled so; or "unlimited".
func ParseRate(s string) (Rate, error) {
	if s == "unlimited" {
		return Unlimited, nil
	}
	for _, u := range rateUnits {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(v > 0) || v*float64(u.rate) > float64(MaxRate) || v*float64(u.rate) < 1 {
			break
		}
		return Rate(math.Round(v * float64(u.rate))), nil
	}
	return 0, fmt.Errorf("rate %q: want a number above 0 and Bps, KBps, MBps or GBps (1 KBps is 1000 bytes a second), such as 400KBps, or unlimited", s)
}

func (r Rate) check(what string) error {
	if r < 0 || r > MaxRate {
		return fmt.Errorf("%s of %d bytes a second: want 0 (no limit) to %d", what, int64(r), int64(MaxRate))
	}
	return nil
}

// Bandwidth is what a node may send and receive: the paper's three categories of
// node bandwidth, which hold together. The zero value is unlimited.
type Bandwidth struct {
	Total Rate // in and out together
	Up    Rate // out: all links to downstream nodes together
	Down  Rate // in: all links from upstream nodes together
}

// Check reports a rate that makes no sense.
func (b Bandwidth) Check() error {
	for _, c := range []struct {
		what string
		r    Rate
	}{{"total bandwidth", b.Total}, {"uplink bandwidth", b.Up}, {"downlink bandwidth", b.Down}} {
		if err := c.r.check(c.what); err != nil {
			return err
		}
	}
	return nil
}

// String names the limits that there are.
func (b Bandwidth) String() string {
	if b == (Bandwidth{}) {
		return "unlimited"
	}
	s := ""
	for _, c := range []struct {
		what string
		r    Rate
	}{{"total", b.Total}, {"up", b.Up}, {"down", b.Down}} {
		if c.r != Unlimited {
			s += fmt.Sprintf(", %s %v", c.what, c.r)
		}
	}
	return s[2:]
}

// mulDiv is a·b/c for values from 0, rounded down, and the largest integer where
// that does not fit. c is above 0. It is exact on every machine, which floating
// point is not.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, math.MaxInt64))
}

// bytesIn is how many whole bytes the rate passes in d, from 0.
func (r Rate) bytesIn(d time.Duration) int64 {
	return mulDiv(int64(d), int64(r), int64(time.Second))
}

// mulMod is the rest that mulDiv drops.
func mulMod(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(bits.Rem64(hi, lo, uint64(c)))
}
