package core

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

// TestMain fails if a slab is held in the end. It also asks rapid for fewer
// checks than it makes by default, since each here is a network that runs to its
// end; -rapid.checks on the command line has the last word.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", fmt.Sprint(fewer(40))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(slabtest.Main{M: m}.Run())
}
