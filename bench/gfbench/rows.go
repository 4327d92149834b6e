package gfbench

import "github.com/ioverlay/ioverlay/coding/gf"

// Operation is what a row measures, at each size.
type Operation struct {
	Name   string // as results call it
	Title  string // for people
	Decode bool   // whether what is counted is bytes of a generation

	bestOnly bool            // because it cannot be held to another level
	targets  map[int]float64 // by size: what its ratio must reach at the best level
	prepare  func(size, offset int) *task
}

// The targets hold where the processor has GFNI and AVX-512. At a level without GFNI every row must reach anyTarget.
const anyTarget = 1.0

// Operations returns what is measured, in the order of the table.
func Operations() []Operation {
	const kib, kib5, kib64 = 1 << 10, 5 << 10, 64 << 10
	all := make([]int, packetsOf)
	for i := range all {
		all[i] = i
	}
	dense := map[int]float64{kib: 4, kib5: 4.5, kib64: 5.5}
	systematic := map[int]float64{kib5: 3.5}
	return []Operation{
		{Name: "mul-add", Title: "dst ^= c·src", prepare: mulAddTask, targets: map[int]float64{kib5: 1.7}},
		{Name: "code-1", Title: "one coded packet of 32", prepare: sumTask(packetsOf, 1),
			targets: map[int]float64{kib: 4, kib5: 2.3, kib64: 1.8}},
		{Name: "code-4", Title: "four coded packets of 32", prepare: sumTask(packetsOf, 4), targets: map[int]float64{kib5: 5}},
		{Name: "code-1-of-64", Title: "one coded packet of 64", prepare: sumTask(2*packetsOf, 1)},
		{Name: "code-4-of-64", Title: "four coded packets of 64", prepare: sumTask(2*packetsOf, 4)},
		{Name: "recode-16", Title: "recode from 16 packets", prepare: recodeTask(16), targets: map[int]float64{kib5: 2.2}},
		{Name: "matrix-dense", Title: "decode 32 coded: the matrix work", Decode: true, prepare: denseTask},
		{Name: "matrix-systematic", Title: "decode 28+4: the matrix work", Decode: true, prepare: systematicTask},
		{Name: "decode-dense", Title: "decode 32 coded: coding.Decoder", Decode: true, bestOnly: true,
			prepare: coderTask(all...), targets: dense},
		{Name: "decode-systematic", Title: "decode 28+4: coding.Decoder", Decode: true, bestOnly: true,
			prepare: coderTask(lost...), targets: systematic},
	}
}

// target returns what a row must reach at a level, and whether it must reach anything.
func (o Operation) target(size int, l gf.Level) (float64, bool) {
	switch l {
	case gf.GFNI512:
		t, ok := o.targets[size]
		return t, ok
	case gf.GFNI256:
		return 0, false
	}
	return anyTarget, true
}
