package purity_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/ioverlay/ioverlay/purity"
)

// Each line of testdata that is to be reported says so, and no other may be.
func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, analysistest.TestData(), purity.Analyzer, "a", "b", "pure")
}
