// Package stats is what an experiment says of its numbers: means with confidence
// intervals, medians, and comparisons of two settings, by pairs or not. It knows no
// networks; the incomplete beta
// function comes from gonum/mathext (its stat would bring all of linear algebra along).
//
//	describe.go   one sample: mean, standard deviation, intervals
//	paired.go     two settings over the same seeds: Student's paired t
//	wilcoxon.go   the same by signs and ranks, without a normal distribution
//	welch.go      two settings over different seeds
//	holm.go       many comparisons at a time
//	number.go     a number that JSON can have, or null
package stats
