package stats

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got Number, want, within float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Two-sided 95% points as every table of Student's t has them (Fisher and Yates,
// Statistical Tables, 1938, table III).
func TestStudentsTable(t *testing.T) {
	for _, c := range []struct{ freedom, want float64 }{
		{1, 12.706}, {2, 4.303}, {4, 2.776}, {9, 2.262}, {19, 2.093}, {29, 2.045}, {120, 1.980},
	} {
		near(t, "t", Number(quantileT(0.95, c.freedom)), c.want, 0.0005)
	}
	near(t, "t at 99%", Number(quantileT(0.99, 9)), 3.250, 0.0005)
}

// Closed forms: with one degree of freedom t is Cauchy's, with two its quantile is
// algebraic.
func TestStudentInClosedForm(t *testing.T) {
	for _, conf := range []float64{0.5, 0.9, 0.95, 0.99} {
		p := 1 - (1-conf)/2
		near(t, "Cauchy", Number(quantileT(conf, 1)), math.Tan(math.Pi*(p-0.5)), 1e-6)
		near(t, "two", Number(quantileT(conf, 2)), (2*p-1)*math.Sqrt(2/(4*p*(1-p))), 1e-8)
	}
}

// The additional hours of sleep of ten patients under two drugs (Student, The Probable
// Error of a Mean, Biometrika 1908; R's data set "sleep"). The figures are those that R's
// t.test prints of them.
var (
	sleep1 = []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	sleep2 = []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
)

func TestPairedOnStudentsSleep(t *testing.T) {
	c := Paired(sleep1, sleep2, 0.95)
	near(t, "difference", c.Difference, 1.58, 1e-12)
	near(t, "t", c.T, 4.0621, 5e-5)
	near(t, "p", c.PT, 0.002833, 5e-7)
	near(t, "low", c.Low, 0.7001142, 5e-8)
	near(t, "high", c.High, 2.4598858, 5e-8)
	near(t, "effect", c.Effect, 4.0621/math.Sqrt(10), 5e-5)
}

func TestWelchOnStudentsSleep(t *testing.T) {
	c := Welch(sleep1, sleep2, 0.95)
	near(t, "t", c.T, 1.8608, 5e-5)
	near(t, "p", c.PT, 0.07939, 5e-6)
	near(t, "low", c.Low, -0.2054832, 5e-8)
	near(t, "high", c.High, 3.3654832, 5e-8)
}

// Darwin's maize, crossed less self-fertilised, in eighths of an inch (Fisher, The Design
// of Experiments, 1935, section 17: t is 2.148). R's wilcox.test has V = 96, p = 0.04126.
func TestPairedOnDarwinsMaize(t *testing.T) {
	d := []float64{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48}
	c := Paired(make([]float64, len(d)), d, 0.95)
	near(t, "t", c.T, 2.148, 5e-4)
	near(t, "W", c.W, 96, 0)
	near(t, "p", c.PW, 0.04126, 5e-6)
	near(t, "rank biserial", c.RankBiserial, (96.0-24)/120, 1e-12)
}

// The lower tail of W, counted by hand (sets of the ranks 1 to n with a sum up to w) or
// from tables (Wilcoxon and Wilcox, Some Rapid Approximate Statistical Procedures, 1964).
func TestWilcoxonTable(t *testing.T) {
	for _, c := range []struct {
		n    int
		w    float64
		tail float64
	}{{5, 0, 1.0 / 32}, {8, 3, 5.0 / 256}, {10, 8, 25.0 / 1024}, {10, 10, 43.0 / 1024}, {6, 0, 1.0 / 64}} {
		d := make([]float64, c.n) // the ranks that make up w are negative, largest first
		left := c.w
		for i := c.n; i >= 1; i-- {
			d[i-1] = float64(i)
			if float64(i) <= left {
				d[i-1], left = -d[i-1], left-float64(i)
			}
		}
		near(t, "p", Number(signedRanks(d).p()), 2*c.tail, 1e-12)
	}
}

// The normal distribution takes over where it hardly differs.
func TestWilcoxonIsContinuous(t *testing.T) {
	d := make([]float64, exactUpTo)
	for i := range d {
		d[i] = float64(i + 1)
		if i%3 == 0 {
			d[i] = -d[i]
		}
	}
	exact := signedRanks(d).p()
	n, low := float64(len(d)), signedRanks(d).minus
	sd := math.Sqrt(n * (n + 1) * (2*n + 1) / 24)
	approximate := math.Erfc(-(low + 0.5 - n*(n+1)/4) / sd / math.Sqrt2)
	if math.Abs(exact-approximate) > 1e-3 { // Edgeworth's next term is of the order of 1/n^2 here
		t.Errorf("exact %v, normal %v", exact, approximate)
	}
}

// Ranks of the interval of the median at 95%, and the share that it covers (Conover 1999,
// table A3; by hand for six: 1 - 2/64 = 96.9%).
func TestMedianRank(t *testing.T) {
	for n, want := range map[int]int{1: 0, 5: 0, 6: 1, 8: 1, 9: 2, 10: 2, 15: 4, 20: 6, 30: 10} {
		if got := medianRank(n, 0.95); got != want {
			t.Errorf("of %d values: rank %d, want %d", n, got, want)
		}
	}
}

// Four hypotheses at 1%, 4%, 3% and 0.5%, by hand.
func TestHolm(t *testing.T) {
	var family []*Comparison
	for _, p := range []Number{0.01, 0.04, 0.03, 0.005, None()} {
		family = append(family, &Comparison{PT: p, PHolm: None()})
	}
	Holm(family)
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "p", family[i].PHolm, want, 1e-12)
	}
	if family[4].PHolm.Is() {
		t.Error("what was not tested was corrected")
	}
}

func TestDescribe(t *testing.T) {
	s := Describe([]float64{2, 4, 4, 4, 5, 5, 7, 9}, 0.95) // sum of squares 32
	near(t, "mean", s.Mean, 5, 1e-12)
	near(t, "sd", s.SD, math.Sqrt(32.0/7), 1e-12)
	near(t, "high", s.High, 5+2.364624*math.Sqrt(32.0/7/8), 1e-5)
	near(t, "median", s.Median, 4.5, 0)
	for _, s := range []Summary{Describe(nil, 0.95), Describe([]float64{3}, 0.95)} {
		if s.SD.Is() || s.Low.Is() || s.MedianLow.Is() {
			t.Errorf("%d values cannot have an interval: %+v", s.N, s)
		}
	}
	b, err := json.Marshal(Describe([]float64{3}, 0.95))
	if err != nil {
		t.Fatal(err)
	}
	var back Summary
	if err := json.Unmarshal(b, &back); err != nil || back.SD.Is() || back.Mean != 3 {
		t.Errorf("%s came back as %+v, %v", b, back, err)
	}
}

// Values that are all alike deviate by nothing, exactly, and their differences are sure.
func TestWithoutDeviation(t *testing.T) {
	same := slices.Repeat([]float64{0.1}, 7)
	if s := Describe(same, 0.95); s.Mean != 0.1 || s.SD != 0 || s.Low != 0.1 || s.High != 0.1 {
		t.Errorf("%+v", s)
	}
	more := slices.Repeat([]float64{0.5}, 7)
	for _, c := range []Comparison{Paired(same, more, 0.95), Welch(same, more, 0.95)} {
		if c.PT != 0 || c.T.Is() || c.Low != c.Difference || c.High != c.Difference {
			t.Errorf("%+v", c)
		}
	}
	for _, c := range []Comparison{Paired(same, same, 0.95), Welch(same, same, 0.95)} {
		if c.PT != 1 || c.Difference != 0 {
			t.Errorf("%+v", c)
		}
	}
}

func sample(t *rapid.T, name string, n int) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), n, n).Draw(t, name)
}

// What does not depend on the order or the direction does not.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "n")
		a, b := sample(t, "a", n), sample(t, "b", n)
		s, wide := Describe(a, 0.95), Describe(a, 0.99)
		if !(s.Min <= s.Mean+1e-9 && s.Low <= s.Mean && s.Mean <= s.High && wide.Low <= s.Low && s.High <= wide.High) {
			t.Fatalf("%+v and at 99%% %+v", s, wide)
		}
		if s.MedianLow.Is() && !(s.MedianLow <= s.Median && s.Median <= s.MedianHigh) {
			t.Fatalf("%+v", s)
		}
		for _, compare := range []func(a, b []float64, c float64) Comparison{Paired, Welch} {
			ab, ba := compare(a, b, 0.95), compare(b, a, 0.95)
			if ab.Difference != -ba.Difference || ab.PT != ba.PT || ab.Low != -ba.High {
				t.Fatalf("%+v\n%+v", ab, ba)
			}
			// The interval holds 0 exactly if the test does not see a difference.
			if ab.T.Is() && math.Abs(float64(ab.PT)-0.05) > 1e-9 && (ab.PT < 0.05) != (ab.Low > 0 || ab.High < 0) {
				t.Fatalf("interval and test disagree: %+v", ab)
			}
		}
		c := Paired(a, b, 0.95)
		if !(c.PW >= 0 && c.PW <= 1) || c.RankBiserial.Is() && math.Abs(float64(c.RankBiserial)) > 1 {
			t.Fatalf("%+v", c)
		}
	})
}

// The distribution of W is counted out the slow way: every choice of signs.
func TestWilcoxonAgainstAllSigns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SliceOfN(rapid.Float64Range(-4, 4).AsAny(), 1, 9).Draw(t, "d")
		values := make([]float64, len(d))
		for i, x := range d {
			values[i] = math.Round(x.(float64)) // with ties and zeros
		}
		r := signedRanks(values)
		if r.n == 0 {
			return
		}
		count, low := 0, min(r.plus, r.minus)
		for signs := range 1 << r.n {
			sum := 0.0
			for i, rank := range r.doubled {
				if signs>>i&1 == 1 {
					sum += float64(rank) / 2
				}
			}
			if sum <= low {
				count++
			}
		}
		if want := min(1, 2*float64(count)/float64(int(1)<<r.n)); math.Abs(r.p()-want) > 1e-12 {
			t.Fatalf("%v: %v, want %v", values, r.p(), want)
		}
	})
}
