package toy

import "testing"

func TestClamp(t *testing.T) {
	for _, c := range []struct{ v, most, want int }{{-3, 5, 0}, {3, 5, 3}, {9, 5, 5}} {
		if got := Clamp(c.v, c.most); got != c.want {
			t.Errorf("Clamp(%d, %d) is %d, want %d", c.v, c.most, got, c.want)
		}
	}
}

func TestWatched(t *testing.T) {
	if !Watched(func() {}) {
		t.Error("not watched")
	}
}
