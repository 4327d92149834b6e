package algos

import "math"

// LnTimes is a factor times the natural logarithm of n+1, rounded up; 0 in a group of nobody. It is how often a node of a group of n passes
// on what it has heard, or for how many rounds, so that all hear of it however large the group is: the probability that somebody
// is missed falls with a power of n that the factor decides (A. Demers and others, "Epidemic algorithms for replicated database
// maintenance", PODC 1987; SWIM, DSN 2002, section 4.1).
func LnTimes(factor, n int) int { return int(math.Ceil(float64(factor) * math.Log(float64(n+1)))) }
