//go:build !noasm

package gf

import "github.com/klauspost/cpuid/v2"

// available reports whether the processor has a level. The library has read its features, and whether the system saves
// the registers, when the program began.
func available(l Level) bool {
	switch l {
	case Generic:
		return true
	case SSSE3:
		return cpuid.CPU.Supports(cpuid.SSSE3)
	case AVX2:
		return cpuid.CPU.Supports(cpuid.AVX2)
	case GFNI256:
		return cpuid.CPU.Supports(cpuid.AVX2, cpuid.GFNI)
	case GFNI512:
		return cpuid.CPU.Supports(cpuid.AVX2, cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512VBMI, cpuid.BMI2, cpuid.GFNI)
	}
	return false
}
