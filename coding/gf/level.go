package gf

import (
	"fmt"
	"slices"
	"strings"
)

// Level is what a set of kernels asks of the processor. Packages that import gf need not care: its functions run at
// the best level there is, [Best]. Tests and measurements choose one with [At].
type Level uint8

// The levels, from the plainest up. Not every processor's list has all of them.
const (
	Generic Level = iota // plain Go, everywhere; with the build tag noasm the only one
	SSSE3                // 128-bit shuffles
	NEON                 // the same on arm64, by klauspost/reedsolomon
	AVX2                 // 256-bit shuffles
	GFNI256              // AVX2 and GFNI: bit matrices on 256 bits
	GFNI512              // AVX-512 (F, BW, VBMI), BMI2 and GFNI: bit matrices on 512 bits
)

var levelNames = [...]string{
	Generic: "generic", SSSE3: "ssse3", NEON: "neon", AVX2: "avx2", GFNI256: "gfni-avx2", GFNI512: "gfni-avx512",
}

// String returns the name that [ParseLevel] takes.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// ParseLevel returns the level of a name, whether this processor has it or not.
func ParseLevel(name string) (Level, error) {
	i := slices.Index(levelNames[:], name)
	if i < 0 {
		return Generic, fmt.Errorf("gf: no level is called %q; there are %s", name, strings.Join(levelNames[:], ", "))
	}
	return Level(i), nil
}

// Levels returns the levels that this processor and build have, the plainest first and the best last.
func Levels() []Level {
	var all []Level
	for i := range levelNames {
		if l := Level(i); available(l) {
			all = append(all, l)
		}
	}
	return all
}

// Best returns the best level that this processor and build have.
func Best() Level {
	all := Levels()
	return all[len(all)-1]
}

// best is what the package's functions run on, chosen once by what the processor has.
var best = At(Best())
