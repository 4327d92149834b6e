package spec

// Document is a YAML text of another format than scenarios that is read like one: every
// value has its place, and mistakes are reported in the same way.
type Document struct{ r *reporter }

// Shape is what a value is.
type Shape uint8

// The shapes.
const (
	Nothing Shape = iota // a key without a value
	Single
	List
	Mapping
)

// Value is a value of a document.
type Value struct{ t *tree }

// Field is a key of a mapping with its value.
type Field struct {
	Key Value // a single value
	Value
}

// ReadDocument reads a text. The name is for messages. Without a value, Err says why.
func ReadDocument(name string, src []byte) (d *Document, root Value, ok bool) {
	src = withoutMark(src)
	d = &Document{newReporter(name, src)}
	t := parseTree(d.r, src)
	return d, Value{t}, t != nil && len(d.r.found) == 0
}

// NewDocument is a text that is not YAML, or not yet: only places in it can be reported.
func NewDocument(name string, text []byte) *Document { return &Document{newReporter(name, text)} }

// Report adds a mistake, and what to do about it unless that is "".
func (d *Document) Report(at Span, do, what string, args ...any) { d.r.report(at, do, what, args...) }

// Err is all mistakes, a Problems, or nil.
func (d *Document) Err() error { return d.r.err() }

// Line is a line of the text, from 1.
func (d *Document) Line(n int) (text string, ok bool) {
	if n < 1 || n > len(d.r.lines) {
		return "", false
	}
	return d.r.lines[n-1], true
}

// Suggest says what may be done about an unknown word: the nearest of those known, or all
// of them if they are few.
func Suggest(word string, known []string) string { return suggest(word, known) }

// Shape is what the value is.
func (v Value) Shape() Shape { return Shape(v.t.shape) }

// ShapeName is that in words.
func (v Value) ShapeName() string { return v.t.shape.String() }

// At is the place of the value.
func (v Value) At() Span { return v.t.at }

// Text is that of a single value.
func (v Value) Text() string { return v.t.text }

// Items are those of a list.
func (v Value) Items() (items []Value) {
	for _, t := range v.t.items {
		items = append(items, Value{t})
	}
	return items
}

// Fields are those of a mapping, in the order of the file.
func (v Value) Fields() (fields []Field) {
	for i, k := range v.t.keys {
		fields = append(fields, Field{Value{k}, Value{v.t.items[i]}})
	}
	return fields
}
