//go:build noasm || (!amd64 && !arm64)

package gf

// There is only plain Go here.

func available(l Level) bool { return l == Generic }

func (Kernels) mulAdd(dst, src []byte, c byte) { mulAddGeneric(dst, src, c) }

func (Kernels) mul(dst, src []byte, c byte) { mulGeneric(dst, src, c) }

func (Kernels) add(dst, src []byte) { addGeneric(dst, src) }

func (Kernels) dot(dst []byte, srcs [][]byte, coefs []byte, m mode) {
	dotGeneric(dst, srcs, coefs, m)
}

func (Kernels) matMul(dsts, srcs, rows [][]byte, m mode) { matMulGeneric(dsts, srcs, rows, m) }

// tuningOf returns what suits a level: there is nothing to choose here.
func tuningOf(Level) tuning { return tuning{} }

func (Kernels) on512(int) bool { return false }

func mulAddOn512(_, _ []byte, _ byte) {}
