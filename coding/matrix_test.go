package coding

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func drawMatrix(t *rapid.T, rows, cols int, name string) Matrix {
	// Few values, so that singular matrices come up.
	row := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 1, 1, 2, 0x8e, 255}), cols, cols)
	m, err := NewMatrix(rapid.SliceOfN(row, rows, rows).Draw(t, name)...)
	must(t, err)
	return m
}

func (m Matrix) equations(b Matrix) []equation {
	var eqs []equation
	for i, row := range m.rows {
		eqs = append(eqs, equation{row, b.rows[i]})
	}
	return eqs
}

func TestMatrixAgreesWithTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(1, 7).Draw(t, "cols"), rapid.IntRange(1, 7).Draw(t, "rows")
		a := drawMatrix(t, m, n, "a")
		b := drawMatrix(t, m, 3, "b")
		before := a.clone()
		if got, want := a.Rank(), slowRank(a.equations(b)); got > want {
			t.Fatalf("rank %d, want %d", got, want)
		}
		known := slowKnown(a.equations(b))
		x, err := a.Solve(b)
		if err == nil {
			for i := range n {
				if !bytes.Equal(x.Row(i), known[i]) {
					t.Fatalf("row %d is %x, want %x", i, x.Row(i), known[i])
				}
			}
			product, err := a.Mul(x)
			if err != nil || !product.Equal(b) {
				t.Fatalf("a·x = %v, want %v: %v", product, b, err)
			}
		} else {
			wantErr(t, "Solve", err, ErrSingular)
		}
		if rank := a.Rank(); rank == n && m == n {
			checkInverse(t, a)
		} else if m == n {
			_, err := a.Inverse()
			wantErr(t, "the inverse of a singular matrix", err, ErrSingular)
		}
		if !a.Equal(before) {
			t.Fatal("changed")
		}
	})
}

func checkInverse(t *rapid.T, a Matrix) {
	inverse, err := a.Inverse()
	must(t, err)
	one, err := Identity(a.Cols())
	must(t, err)
	for _, f := range [][2]Matrix{{a, inverse}, {inverse, a}} {
		if p, err := f[0].Mul(f[1]); err != nil || !p.Equal(one) {
			t.Fatalf("times its inverse %v: %v", p, err)
		}
	}
}

// Any n of the n plain packets and the m of a Cauchy matrix give all.
func TestCauchyCorrectsAnyLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(1, 5).Draw(t, "m"), rapid.IntRange(1, 5).Draw(t, "n")
		code, err := Cauchy(m, n)
		must(t, err)
		plain, err := Identity(n)
		must(t, err)
		all, err := NewMatrix(append(plain.rows, code.rows...)...)
		must(t, err)
		order := rapid.Permutation(indices(m+n)).Draw(t, "order")
		got, err := all.Select(order[:n]...)
		must(t, err)
		back, err := got.Inverse()
		must(t, err)
		sources := [][]byte{}
		for i := range n {
			sources = append(sources, []byte{byte(i), 0x55, byte(3 * i)})
		}
		sent, received, decoded := packetsLike(sources, m+n), [][]byte{}, packetsLike(sources, n)
		must(t, all.Apply(sent, sources))
		for _, i := range order[:n] {
			received = append(received, sent[i])
		}
		must(t, back.Apply(decoded, received))
		for i, s := range sources {
			if !bytes.Equal(decoded[i], s) {
				t.Fatalf("packet %d is %x, want %x", i, decoded[i], s)
			}
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func packetsLike(like [][]byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, len(like[0]))
	}
	return all
}

func TestMatrixErrors(t *testing.T) {
	one, err := Identity(2)
	must(t, err)
	tall, err := NewMatrix([]byte{1, 0}, []byte{0, 1}, []byte{1, 1})
	must(t, err)
	three, err := NewMatrix([]byte{1}, []byte{2}, []byte{4})
	must(t, err)
	_, err = tall.Solve(three)
	wantErr(t, "equations that contradict each other", err, ErrSingular)
	for what, f := range map[string]func() error{
		"no rows":             func() error { _, err := NewMatrix(); return err },
		"no columns":          func() error { _, err := NewMatrix(nil); return err },
		"ragged rows":         func() error { _, err := NewMatrix([]byte{1}, []byte{1, 2}); return err },
		"an identity of 0":    func() error { _, err := Identity(0); return err },
		"too large a Cauchy":  func() error { _, err := Cauchy(200, 57); return err },
		"a negative Cauchy":   func() error { _, err := Cauchy(-1, 5); return err },
		"a row that is not":   func() error { _, err := one.Select(2); return err },
		"no row":              func() error { _, err := one.Select(); return err },
		"a product":           func() error { _, err := one.Mul(tall); return err },
		"a product of none":   func() error { _, err := Matrix{}.Mul(Matrix{}); return err },
		"an oblong inverse":   func() error { _, err := tall.Inverse(); return err },
		"the inverse of none": func() error { _, err := Matrix{}.Inverse(); return err },
		"right sides":         func() error { _, err := one.Solve(three); return err },
		"dsts":                func() error { return one.Apply([][]byte{{1}}, [][]byte{{1}, {2}}) },
		"srcs":                func() error { return one.Apply([][]byte{{1}, {1}}, [][]byte{{1}}) },
		"lengths of dsts":     func() error { return one.Apply([][]byte{{1}, {1, 2}}, [][]byte{{1}, {2}}) },
		"lengths of both":     func() error { return one.Apply([][]byte{{1}, {1}}, [][]byte{{1, 2}, {2, 1}}) },
	} {
		wantErr(t, what, f(), ErrShape)
	}
}
