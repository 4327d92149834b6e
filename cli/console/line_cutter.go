package console

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// lineCutter passes on what is written to a terminal, but of each line only as much as the terminal is wide. A line
// that is longer would go on in the next, and a bar that is drawn over itself would then scroll the screen.
type lineCutter struct {
	to     io.Writer
	width  func() int // of the terminal, now: it may be resized
	column int        // where the next character goes
	escape bool       // inside an escape sequence, which takes no room
}

// defaultWidth is for a terminal that does not say how wide it is.
const defaultWidth = 80

func newLineCutter(file *os.File) *lineCutter {
	return &lineCutter{to: file, width: func() int {
		width, _, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 {
			return defaultWidth
		}
		return width
	}}
}

// Write implements io.Writer. The last column stays free: a character there makes some terminals go on in the next line.
func (c *lineCutter) Write(text []byte) (int, error) {
	room := c.width() - 1
	kept := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if c.keep(r, room) {
			kept = append(kept, rest[:size]...)
		}
		rest = rest[size:]
	}
	if _, err := c.to.Write(kept); err != nil {
		return 0, err
	}
	return len(text), nil
}

// keep reports whether a character still fits, and counts it.
func (c *lineCutter) keep(r rune, room int) bool {
	switch {
	case r == '\x1b':
		c.escape = true
		return true
	case c.escape: // it ends with a letter
		c.escape = r < 'A' || r > 'z' || r == '['
		return true
	case r == '\r', r == '\n':
		c.column = 0
		return true
	}
	c.column++
	return c.column <= room
}
