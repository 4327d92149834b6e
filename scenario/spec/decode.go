package spec

import (
	"reflect"
	"strconv"
	"strings"
)

// The types of the format are structs with a yaml tag on each field, and leaves
// that read themselves. One walk over them decodes a file, and another makes the
// JSON Schema, so that the two cannot differ.

// leaf is a value that knows how to read itself from a tree.
type leaf interface{ read(d *decoder, t *tree) }

// checked is a mapping that has more to say than that each key is right.
type checked interface{ check(d *decoder) }

// placed is embedded in mappings that must be found again in the file.
type placed struct {
	Span Span `yaml:"-"`
}

func (p *placed) place(s Span) { p.Span = s }

// decoder turns a tree into the types of the format.
type decoder struct {
	*reporter
	algorithms Algorithms
}

// value decodes into v, which is settable.
func (d *decoder) value(t *tree, v reflect.Value) {
	if l, ok := v.Addr().Interface().(leaf); ok {
		l.read(d, t)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(t, v.Elem())
	case reflect.Struct:
		d.mapping(t, v)
	case reflect.Slice:
		d.list(t, v)
	case reflect.String:
		v.SetString(d.text(t))
	case reflect.Bool:
		d.boolean(t, v)
	case reflect.Uint64:
		d.whole(t, v)
	default:
		panic("spec: a field of a kind that no value has: " + v.Type().String())
	}
}

// want reports whether a tree has a shape, and says so if it has not.
func (d *decoder) want(t *tree, s shape) bool {
	if t.shape == s {
		return true
	}
	d.report(t.at, "", "here belongs %v, not %v", s, t.shape)
	return false
}

func (d *decoder) text(t *tree) string {
	if !d.want(t, shapeText) {
		return ""
	}
	return t.text
}

func (d *decoder) boolean(t *tree, v reflect.Value) {
	switch text := d.text(t); text {
	case "true", "false":
		v.SetBool(text == "true")
	case "":
	default:
		d.report(t.at, "Write true or false.", "%q is neither true nor false", text)
	}
}

func (d *decoder) whole(t *tree, v reflect.Value) {
	if !d.want(t, shapeText) {
		return
	}
	n, err := strconv.ParseUint(t.text, 10, 64)
	if err != nil {
		d.report(t.at, "Write digits only, such as 42.", "%q is no whole number from 0", t.text)
		return
	}
	v.SetUint(n)
}

func (d *decoder) list(t *tree, v reflect.Value) {
	if !d.want(t, shapeList) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(t.items), len(t.items)))
	for i, item := range t.items {
		d.value(item, v.Index(i))
	}
}

// mapping decodes a struct: each key is a field's.
func (d *decoder) mapping(t *tree, v reflect.Value) {
	if p, ok := v.Addr().Interface().(interface{ place(Span) }); ok {
		p.place(t.at)
	}
	if !d.want(t, shapeMap) {
		return
	}
	fields := fieldsOf(v.Type())
	seen := make(map[string]bool)
	before := len(d.found)
	for i, key := range t.keys {
		f, ok := fields.byKey[key.text]
		switch {
		case !ok:
			d.report(key.at, suggest(key.text, fields.names), "unknown key %q", key.text)
			seen[nearest(key.text, fields.names)] = true // it is not missing, but misspelt
		case seen[key.text]:
			d.report(key.at, "Keep one of them.", "the key %q is here twice", key.text)
		default:
			d.value(t.items[i], v.FieldByIndex(f.Index))
		}
		seen[key.text] = true
	}
	for _, name := range fields.required {
		if !seen[name] {
			d.report(t.at, "Add "+name+".", "the key %q is missing here", name)
		}
	}
	// What a check would say of a mapping that was not understood is noise.
	if c, ok := v.Addr().Interface().(checked); ok && len(d.found) == before {
		c.check(d)
	}
}

// fields are the keys of a mapping. A key is required if its tag says so.
type fields struct {
	byKey    map[string]reflect.StructField
	names    []string
	required []string
}

func fieldsOf(t reflect.Type) fields {
	f := fields{byKey: make(map[string]reflect.StructField)}
	for _, sf := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		f.byKey[name] = sf
		f.names = append(f.names, name)
		if options != "omitempty" {
			f.required = append(f.required, name)
		}
	}
	return f
}
