package core

import (
	"os"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool/slabtest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }
