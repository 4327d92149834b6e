package algos_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }
