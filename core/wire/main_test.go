package wire

import (
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// mustPanic runs f and fails unless it panics.
func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}
