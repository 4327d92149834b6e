package spec

import (
	"strings"
	"unicode/utf8"
)

// Words of the small languages inside values: quantities, draws, names, links and
// expectations have one lexer.

type kind uint8

const (
	kindEnd kind = iota
	kindNumber
	kindWord
	kindSign // an operator or bracket
)

type word struct {
	kind kind
	text string
	at   Span
	// glued: nothing stands between this word and the one before.
	glued bool
}

// signs, longest first.
var signs = []string{"<->", "->", "..", "<=", ">=", "!=", "==", "+-", "±", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%"}

// words cuts a text up. Its place is that of the text's first character; a text
// over several lines is one line here. What cannot be a word is reported, and then
// ok is false.
func (d *decoder) words(text string, at Span) (ws []word, ok bool) {
	s := scanner{text: text, at: at}
	for {
		w, bad := s.next()
		if bad != "" {
			d.report(w.at, "", "%q has no meaning here", bad)
			return nil, false
		}
		ws = append(ws, w)
		if w.kind == kindEnd {
			return ws, true
		}
	}
}

type scanner struct {
	text string
	pos  int
	at   Span
}

// span is the place of text[from:to].
func (s *scanner) span(from, to int) Span {
	return Span{s.at.Line, s.at.Col + utf8.RuneCountInString(s.text[:from]), utf8.RuneCountInString(s.text[from:to])}
}

func (s *scanner) next() (w word, bad string) {
	start := s.pos
	for s.pos < len(s.text) && strings.ContainsRune(" \t\r\n", rune(s.text[s.pos])) {
		s.pos++
	}
	from := s.pos
	w.glued = from == start && start > 0
	switch {
	case from == len(s.text):
		w.kind = kindEnd
	case isDigit(s.text[from]):
		w.kind = kindNumber
		s.number()
	case isLetter(s.text[from]), micro(s.text[from:]) > 0:
		w.kind = kindWord
		s.letters()
	default:
		w.kind = kindSign
		if bad = s.sign(); bad != "" {
			w.at = s.span(from, from+len(bad))
			return w, bad
		}
	}
	w.text, w.at = s.text[from:s.pos], s.span(from, s.pos)
	return w, ""
}

// number takes digits, and a fraction: 1..3 is not a number followed by .3.
func (s *scanner) number() {
	digits := func() {
		for s.pos < len(s.text) && (isDigit(s.text[s.pos]) || s.text[s.pos] == '_') {
			s.pos++
		}
	}
	digits()
	if rest := s.text[s.pos:]; len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		s.pos++
		digits()
	}
}

// micro is the length of a letter for a millionth at the beginning of a text, or 0.
// Keyboards and editors write either of two: the micro sign U+00B5, and the small Greek
// mu U+03BC, which looks the same.
func micro(text string) int {
	for _, letter := range []string{"\u00b5", "\u03bc"} {
		if strings.HasPrefix(text, letter) {
			return len(letter)
		}
	}
	return 0
}

func (s *scanner) letters() {
	s.pos += micro(s.text[s.pos:])
	for s.pos < len(s.text) && (isLetter(s.text[s.pos]) || isDigit(s.text[s.pos])) {
		s.pos++
	}
}

func (s *scanner) sign() (bad string) {
	rest := s.text[s.pos:]
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign) {
			s.pos += len(sign)
			return ""
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return rest[:size]
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// phrase is a cursor over the words of one value. After the first mistake it is
// broken: everything else is silent, so that one mistake is reported once.
type phrase struct {
	d      *decoder
	ws     []word
	pos    int
	broken bool
}

// phrase begins to read a text.
func (d *decoder) phrase(t *tree) *phrase {
	text := d.text(t)
	if t.shape == shapeText && strings.TrimSpace(text) == "" {
		d.report(t.at, "", "there is nothing here")
		return &phrase{d: d, ws: []word{{at: t.at}}, broken: true}
	}
	ws, ok := d.words(text, t.at)
	if !ok || t.shape != shapeText {
		return &phrase{d: d, ws: []word{{at: t.at}}, broken: true}
	}
	return &phrase{d: d, ws: ws}
}

func (p *phrase) peek() word { return p.ws[p.pos] }

func (p *phrase) take() word {
	w := p.ws[p.pos]
	if w.kind != kindEnd {
		p.pos++
	}
	return w
}

// is reports whether the next word is the given sign or word.
func (p *phrase) is(text string) bool {
	w := p.peek()
	return !p.broken && w.kind != kindEnd && w.kind != kindNumber && w.text == text
}

// accept takes the next word if it is the given one.
func (p *phrase) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.take()
	return true
}

// expect takes the given word, which must come.
func (p *phrase) expect(text string) {
	if !p.accept(text) {
		p.fail(p.peek().at, "", "%q belongs here, not %s", text, p.peek().quoted())
	}
}

// end says that nothing more may come.
func (p *phrase) end() {
	if w := p.peek(); w.kind != kindEnd {
		p.fail(w.at, "", "%s has no meaning here", w.quoted())
	}
}

// fail reports a mistake, once a phrase.
func (p *phrase) fail(at Span, do, what string, args ...any) {
	if !p.broken {
		p.broken = true
		p.d.report(at, do, what, args...)
	}
}

func (w word) quoted() string {
	if w.kind == kindEnd {
		return "the end"
	}
	return "\"" + w.text + "\""
}
