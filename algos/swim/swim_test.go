package swim_test

import (
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

func TestScenario(t *testing.T) { scenariotest.Run(t, "testdata/swim.yaml") }
