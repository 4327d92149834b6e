package console

import (
	"flag"
	"os"
)

// AsProgram is the environment variable that makes the binary of tests the program that they test (package clitest).
const AsProgram = "IOVERLAY_TEST_AS_PROGRAM"

// Itself reports whether os.Executable, started again, is this program: it is not where tests call commands in their
// own process, and there it would run the tests once more.
func Itself() bool { return flag.Lookup("test.v") == nil || os.Getenv(AsProgram) != "" }
