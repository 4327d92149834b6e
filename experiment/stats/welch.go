package stats

import "math"

// Welch compares two samples that are not paired, by Welch's t-test (Welch 1947), which
// supposes no equal variances.
func Welch(a, b []float64, confidence float64) Comparison {
	c := newComparison()
	c.N = min(len(a), len(b))
	if c.N == 0 {
		return c
	}
	meanA, sdA := meanSD(a)
	meanB, sdB := meanSD(b)
	c.A, c.B, c.Difference = Number(meanA), Number(meanB), Number(meanB-meanA)
	if c.N < 2 {
		return c
	}
	na, nb := float64(len(a)), float64(len(b))
	va, vb := sdA*sdA/na, sdB*sdB/nb
	se := math.Sqrt(va + vb)
	freedom := 1.0
	if se > 0 { // by Welch and Satterthwaite
		freedom = (va + vb) * (va + vb) / (va*va/(na-1) + vb*vb/(nb-1))
	}
	half := 0.0
	if se > 0 {
		half = quantileT(confidence, freedom) * se
	}
	c.Low, c.High = Number(meanB-meanA-half), Number(meanB-meanA+half)
	pooled := math.Sqrt(((na-1)*sdA*sdA + (nb-1)*sdB*sdB) / (na + nb - 2))
	c.T, c.PT, c.Effect = student(meanB-meanA, se, freedom, pooled)
	return c
}
