package gf

import "fmt"

// Kernels are the functions on slices at one [Level]. It is a small value that never changes; the zero value is at
// [Generic]. The functions of the package of the same names are those of the best level.
type Kernels struct {
	level  Level
	tuning tuning
}

// At returns the kernels of a level. It panics if this processor or build does not have it: see [Levels].
func At(l Level) Kernels {
	if !available(l) {
		panic(fmt.Sprintf("gf: this processor or build does not have level %v; choose one of %v", l, Levels()))
	}
	return Kernels{l, tuningOf(l)}
}

// Level returns the level.
func (k Kernels) Level() Level { return k.level }

// Tuning says, for people, which of the level's ways this processor was found to run fastest when the program began.
// Results do not depend on it. It is empty where there is nothing to choose.
func (k Kernels) Tuning() string {
	if k.level != GFNI512 {
		return ""
	}
	return k.tuning.String()
}

// Add is as the function [Add].
func (k Kernels) Add(dst, src []byte) {
	checkPair(dst, src)
	notePair(dst, src)
	k.add(dst, src)
}

// MulSlice is as the function [MulSlice].
func (k Kernels) MulSlice(dst, src []byte, c byte) {
	checkPair(dst, src)
	notePair(dst, src)
	switch c {
	case 0:
		clear(dst)
	case 1:
		copy(dst, src)
	default:
		k.mul(dst, src, c)
	}
}

// MulAdd is as the function [MulAdd].
func (k Kernels) MulAdd(dst, src []byte, c byte) {
	checkPair(dst, src)
	notePair(dst, src)
	switch {
	case c > 1 && k.on512(len(dst)):
		mulAddOn512(dst, src, c) // without a call in between, which is a tenth of the time for 1 KB
	case c > 1:
		k.mulAdd(dst, src, c)
	case c == 1:
		k.add(dst, src)
	}
}

// Dot is as the function [Dot].
func (k Kernels) Dot(dst []byte, srcs [][]byte, coefs []byte) {
	checkSum(dst, srcs, coefs)
	noteSum(dst, srcs, coefs)
	k.dot(dst, srcs, coefs, set)
}

// DotAdd is as the function [DotAdd].
func (k Kernels) DotAdd(dst []byte, srcs [][]byte, coefs []byte) {
	checkSum(dst, srcs, coefs)
	noteSum(dst, srcs, coefs)
	k.dot(dst, srcs, coefs, add)
}

// MatMul is as the function [MatMul].
func (k Kernels) MatMul(dsts, srcs, rows [][]byte) {
	checkMatrix(dsts, srcs, rows)
	noteMatrix(dsts, srcs, rows)
	k.matMul(dsts, srcs, rows, set)
}

// MatMulAdd is as the function [MatMulAdd].
func (k Kernels) MatMulAdd(dsts, srcs, rows [][]byte) {
	checkMatrix(dsts, srcs, rows)
	noteMatrix(dsts, srcs, rows)
	k.matMul(dsts, srcs, rows, add)
}

// mode is what becomes of a destination's bytes.
type mode int

const (
	set mode = 0 // they are replaced by the sum
	add mode = 1 // the sum is added to them
)

func notePair(dst, src []byte) {
	noteRead(src)
	noteWrite(dst)
}

func noteSum(dst []byte, srcs [][]byte, coefs []byte) {
	if raceEnabled {
		noteMatrix([][]byte{dst}, srcs, [][]byte{coefs})
	}
}

func noteMatrix(dsts, srcs, rows [][]byte) {
	if !raceEnabled {
		return
	}
	for _, read := range [...][][]byte{srcs, rows} {
		for _, b := range read {
			noteRead(b)
		}
	}
	for _, dst := range dsts {
		noteWrite(dst)
	}
}
