package console

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLineCutter(t *testing.T) {
	for _, c := range []struct {
		width   int
		in, out string
	}{
		{10, "short", "short"},
		{10, "123456789012", "123456789"},
		{10, "123456789012\r12", "123456789\r12"},
		{10, "\r123456789012\nabc", "\r123456789\nabc"},
		{5, "█████████", "████"},
		{5, "\x1b[32m12345\x1b[0m", "\x1b[32m1234\x1b[0m"},
		{5, "\x1b[2K\r123456", "\x1b[2K\r1234"},
		{1, "a\rb", "\r"},
		{0, "a", ""},
	} {
		var b strings.Builder
		cutter := &lineCutter{to: &b, width: func() int { return c.width }}
		if n, err := cutter.Write([]byte(c.in)); n != len(c.in) || err != nil || b.String() != c.out {
			t.Errorf("%q in %d columns: wrote %q (%d, %v), want %q", c.in, c.width, b.String(), n, err, c.out)
		}
	}
}

// However a text is cut into writes, no line gets wider than the terminal, and what fits is unchanged.
func TestLineCutterInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 20).Draw(t, "width")
		pieces := rapid.SliceOf(rapid.StringMatching("[a-c█\r\n]{0,30}")).Draw(t, "pieces")
		var b strings.Builder
		c := &lineCutter{to: &b, width: func() int { return width }}
		for _, p := range pieces {
			if n, err := c.Write([]byte(p)); n != len(p) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
		lines := func(text string) []string {
			return strings.FieldsFunc(strings.NewReplacer("\r", "|\r", "\n", "|\r").Replace(text+"|"), func(r rune) bool { return r == '\r' })
		}
		got, want := lines(b.String()), lines(strings.Join(pieces, ""))
		if len(got) != len(want) {
			t.Fatalf("%d lines of %d: %q", len(got), len(want), b.String())
		}
		for i, l := range want {
			runes := []rune(strings.TrimSuffix(l, "|"))
			if fits := string(runes[:min(len(runes), width-1)]); got[i] != fits+"|" {
				t.Fatalf("line %q became %q (%d characters) in %d columns", l, got[i], utf8.RuneCountInString(got[i]), width)
			}
		}
	})
}
