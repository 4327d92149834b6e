package ring

import (
	"testing"

	"github.com/ioverlay/ioverlay/internal/interleave/interleavetest"
)

// The tests of interleave_test.go, under every order of the rings' steps.
func TestEverySchedule(t *testing.T) { interleavetest.Run(t) }
