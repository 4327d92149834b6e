package gf_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/coding/gf"
)

var onlyLevel = flag.String("level", "", "test the kernels of this level only, for example avx2")

// atLevels runs a test for the kernels of each level that this machine has, in each way that a level may be tuned.
func atLevels(t *testing.T, test func(t *testing.T, k gf.Kernels)) {
	t.Helper()
	ran := false
	for _, l := range gf.Levels() {
		if *onlyLevel != "" && l.String() != *onlyLevel {
			continue
		}
		ran = true
		ways := gf.Ways(l)
		if raceEnabled {
			ways = ways[:1] // the others race no more than it does
		}
		for i, k := range ways {
			t.Run(fmt.Sprintf("%v/way=%d", l, i), func(t *testing.T) { test(t, k) })
		}
	}
	if !ran {
		t.Fatalf("-level %q: this machine and build have %v", *onlyLevel, gf.Levels())
	}
}

func TestLevels(t *testing.T) {
	all := gf.Levels()
	if !slices.IsSorted(all) || all[0] != gf.Generic || all[len(all)-1] != gf.Best() {
		t.Errorf("levels %v, best %v", all, gf.Best())
	}
	for _, l := range all {
		if gf.At(l).Level() != l {
			t.Errorf("At(%v) is at level %v", l, gf.At(l).Level())
		}
	}
	if (gf.Kernels{}).Level() != gf.Generic {
		t.Error("the zero value is not plain Go")
	}
}

// What was chosen for this processor is said where there is a choice, and nowhere else.
func TestTuning(t *testing.T) {
	for _, l := range gf.Levels() {
		if s := gf.At(l).Tuning(); (s != "") != (l == gf.GFNI512) {
			t.Errorf("level %v is tuned %q", l, s)
		}
		said := map[string]bool{}
		for _, k := range gf.Ways(l)[1:] {
			said[k.Tuning()] = true
		}
		if len(said) != len(gf.Ways(l))-1 {
			t.Errorf("level %v in different ways says only %v", l, said)
		}
	}
}

func TestParseLevel(t *testing.T) {
	for l := gf.Generic; l <= gf.GFNI512; l++ {
		if got, err := gf.ParseLevel(l.String()); got != l || err != nil {
			t.Errorf("ParseLevel(%q) = %v, %v", l, got, err)
		}
	}
	if l, err := gf.ParseLevel("sse9"); err == nil {
		t.Errorf("there is a level sse9: %v", l)
	}
	if s := gf.Level(77).String(); s != "Level(77)" {
		t.Errorf("an unknown level is called %q", s)
	}
}

// Misuse panics with a sentence before any byte is written.
func TestMisuse(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	for name, f := range map[string]func(){
		"Inv of 0":                  func() { gf.Inv(0) },
		"Div by 0":                  func() { gf.Div(1, 0) },
		"Log of 0":                  func() { gf.Log(0) },
		"Exp of -1":                 func() { gf.Exp(-1) },
		"Add":                       func() { gf.Add(zeros(3), zeros(4)) },
		"MulSlice":                  func() { gf.MulSlice(zeros(3), zeros(2), 7) },
		"MulAdd":                    func() { gf.MulAdd(zeros(3), zeros(4), 7) },
		"MulAdd by 0":               func() { gf.MulAdd(zeros(3), zeros(4), 0) },
		"Dot, length":               func() { gf.Dot(zeros(3), [][]byte{zeros(3), zeros(4)}, zeros(2)) },
		"Dot, coefficients":         func() { gf.Dot(zeros(3), [][]byte{zeros(3)}, zeros(2)) },
		"DotAdd, length":            func() { gf.DotAdd(zeros(3), [][]byte{zeros(2)}, zeros(1)) },
		"MatMul, rows":              func() { gf.MatMul([][]byte{zeros(3)}, [][]byte{zeros(3)}, nil) },
		"MatMul, a row":             func() { gf.MatMul([][]byte{zeros(3)}, [][]byte{zeros(3)}, [][]byte{zeros(2)}) },
		"MatMul, destinations":      func() { gf.MatMul([][]byte{zeros(3), zeros(4)}, nil, [][]byte{nil, nil}) },
		"MatMulAdd, sources":        func() { gf.MatMulAdd([][]byte{zeros(3)}, [][]byte{zeros(4)}, [][]byte{zeros(1)}) },
		"level that does not exist": func() { gf.At(gf.Level(77)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if text, ok := recover().(string); !ok || len(text) < 20 {
					t.Errorf("panicked with %q, want a sentence", text)
				}
			}()
			f()
		})
	}
}
