package main

import (
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
)

func TestMain(m *testing.M) { os.Exit(clitest.Run(program().Run).Main(m)) }

// inside runs a command line in this process.
func inside(args ...string) clitest.Result { return clitest.Run(program().Run).Inside(args...) }
