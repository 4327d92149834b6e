package interleave_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/internal/interleave/interleavetest"
)

func TestController(t *testing.T) { interleavetest.Run(t) }
