//go:build !noasm

package gf

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"
)

// tuned is what suits this processor, which is asked once, when the program begins: names of families would say nothing
// of the next one. It takes some 30 µs, and what it finds changes no byte of any result, so that worlds of virtual time stay
// the same. The clock is the processor's counter: those of the worlds are not for this.
var tuned = measure()

// The measurement alternates between both ways, so that a change of the clock strikes both, and compares the fastest of
// each, which is what no other process disturbed.
const (
	measureRounds = 9
	measureBytes  = 5120 // of a packet for wide
	measureCalls  = 8    // a round
	// Together, the sources for abreast are twice the first cache of most processors, and all there is of mulTable.
	measureSources, measureSourceBytes = 16, 4032
	// A way that costs more code must be so much faster, in percent.
	measureGain = 3
)

func measure() tuning {
	if !available(GFNI512) {
		return tuning{}
	}
	table := unsafe.Slice(&mulTable[0][0], len(mulTable)*len(mulTable[0]))
	var dst [measureBytes]byte
	var srcs [measureSources][]byte
	for i := range srcs {
		srcs[i] = table[i*measureSourceBytes:][:measureSourceBytes]
	}
	coefs := table[2*256+2:][:measureSources]
	// Near is five sixths of the first cache: what is left is for the result, coefficients and whoever else runs.
	chosen := tuning{near: max(cpuid.CPU.Cache.L1D, 32<<10) / 6 * 5}
	chosen.wide = faster(func(on bool) {
		k := Kernels{GFNI512, tuning{wide: on}}
		for range measureCalls {
			k.mulAdd(dst[:], table[:measureBytes], 29)
		}
	})
	chosen.abreast = faster(func(on bool) {
		k := Kernels{GFNI512, tuning{abreast: on}}
		if on {
			k.abreast(dst[:measureSourceBytes], srcs[:], coefs, set)
		} else {
			k.blocks(dst[:measureSourceBytes], srcs[:], coefs, set)
		}
	})
	return chosen
}

// faster reports whether run is clearly faster when it is told true.
func faster(run func(on bool)) bool {
	least := [2]uint64{1 << 56, 1 << 56}
	for range measureRounds {
		for i, on := range []bool{false, true} {
			start := counter()
			run(on)
			least[i] = min(least[i], counter()-start)
		}
	}
	return least[1]*100 < least[0]*(100-measureGain)
}

// tuningOf returns what suits a level.
func tuningOf(l Level) tuning {
	if l == GFNI512 {
		return tuned
	}
	return tuning{}
}
