// Package helper is of the same module as package b, and has no algorithm: what it does is reported where one uses it.
package helper

import (
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

func Stamp() int64 { return now().UnixNano() }

var now = time.Now

// Clock is a variable.
var Clock = time.Now

type Wall struct{}

func (Wall) Now() time.Time { return inner() }

func inner() time.Time { return time.Now() } // two calls away

func Right() int64 {
	return time.Now().Unix() //ioverlay:impure for a test: what is silenced here is silent there
}

func Roll(n int) int { return rand.IntN(n) }

func Background(f func()) { go f() }

func Pause() { time.Sleep(time.Microsecond) }

func Keys(m map[int]int) []int {
	var out []int
	for k := range m {
		out = append(out, k)
	}
	return out
}

func Signal(c chan int) { c <- 1 }

func Spin(n *int) {
	for {
		*n++
	}
}

func Scribble(m *core.Msg) { m.Payload()[0] = 9 }

func Fill(b []byte) { clear(b) }

func Copied(m *core.Msg) { m = &core.Msg{}; m.Payload()[0] = 9 }

func Emit(n *core.Node, m *core.Msg) { n.Send(m, "a") }

type Store struct {
	Last *core.Msg
	list []int
}

func (s *Store) Put(m *core.Msg) { s.Last = m }
func (s *Store) Push(n int)      { s.list = append(s.list, n) }

func Double(n int) int { return 2 * n }
func Sum(m map[int]int) (s int) {
	for _, v := range m {
		s += v
	}
	return s
}
func Seeded(s uint64) *rand.Rand { return rand.New(rand.NewPCG(s, s)) }
