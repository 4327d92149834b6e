package record

import (
	"encoding/json"
	"math"
)

// Leaf is what a field can hold.
type Leaf interface {
	float64 | bool | string | Pair | JSON
}

// Pair is two numbers that change together, such as messages and bytes; an array in JSON.
type Pair [2]float64

// JSON is any JSON text, compact.
type JSON string

// presence says what a field means in a patch.
type presence uint8

const (
	absent presence = iota // unchanged; in a full state: there is none
	there
	gone // null
)

// Field is a value that may be missing. The zero value is missing: in a patch it changes nothing.
type Field[T Leaf] struct {
	v  T
	is presence
}

// Set is a field with a value. What JSON cannot write (NaN, infinities, a JSON that is none) is no value: see [Gone].
func Set[T Leaf](v T) Field[T] {
	if !writable(v) {
		return Gone[T]()
	}
	f := Field[T]{v, there}
	f.plain()
	return f
}

// Gone is a field that says that there is no value any more: null in JSON.
func Gone[T Leaf]() Field[T] { return Field[T]{is: gone} }

// Number is Set for any kind of number.
func Number[N ~int | ~int32 | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64 | ~float64](v N) Field[float64] {
	return Set(float64(v))
}

// Get is the value, and whether there is one.
func (f Field[T]) Get() (T, bool) { return f.v, f.is == there }

// Or is the value, or another if there is none.
func (f Field[T]) Or(other T) T {
	if f.is == there {
		return f.v
	}
	return other
}

// IsZero reports whether the field is missing.
func (f Field[T]) IsZero() bool { return f.is == absent }

// IsGone reports whether the field says that there is no value any more.
func (f Field[T]) IsGone() bool { return f.is == gone }

// plain makes -0 a 0: they are equal, and would be different texts.
func (f *Field[T]) plain() {
	switch v := any(&f.v).(type) {
	case *float64:
		if *v == 0 {
			*v = 0
		}
	case *Pair:
		for i := range v {
			if v[i] == 0 {
				v[i] = 0
			}
		}
	}
}

func writable[T Leaf](v T) bool {
	switch v := any(v).(type) {
	case float64:
		return finite(v)
	case Pair:
		return finite(v[0]) && finite(v[1])
	case JSON:
		return json.Valid([]byte(v))
	}
	return true
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// slot is a *Field of some type: what goes through the table of all fields works on these.
type slot interface {
	presence() presence
	drop() // says gone
	merge(patch slot)
	diff(was, is slot)
	value() Value
	put(Value) bool
}

func (f *Field[T]) presence() presence { return f.is }

func (f *Field[T]) drop() { *f = Gone[T]() }

// merge applies a patch to a full state, in which nothing is gone: it is there or missing.
func (f *Field[T]) merge(patch slot) {
	p := patch.(*Field[T]) //nolint:forcetypeassert // both are of one place in the table
	switch p.is {
	case absent:
	case gone:
		*f = Field[T]{}
	case there:
		if v, ok := any(p.v).(JSON); ok {
			old, _ := any(f.v).(JSON)
			f.v, f.is = any(mergePatch(old, v)).(T), there //nolint:forcetypeassert // T is JSON
			return
		}
		*f = *p
	}
}

// diff becomes what makes one state the other.
func (f *Field[T]) diff(was, is slot) {
	a, b := was.(*Field[T]), is.(*Field[T]) //nolint:forcetypeassert // all are of one place in the table
	switch {
	case a.is == b.is && (a.is != there || a.v == b.v):
		*f = Field[T]{}
	case b.is != there:
		*f = Gone[T]()
	default:
		*f = *b
		if v, ok := any(b.v).(JSON); ok && a.is == there {
			old, _ := any(a.v).(JSON)
			f.v = any(diffPatch(old, v)).(T) //nolint:forcetypeassert // T is JSON
		}
	}
}

func (f *Field[T]) value() Value {
	switch v := any(&f.v).(type) {
	case *float64:
		return Value{Kind: NumberValue, Num: *v}
	case *bool:
		if *v {
			return Value{Kind: BoolValue, Num: 1}
		}
		return Value{Kind: BoolValue}
	case *string:
		return Value{Kind: TextValue, Text: *v}
	case *Pair:
		return Value{Kind: PairValue, Num: v[0], Second: v[1]}
	case *JSON:
		return Value{Kind: JSONValue, Text: string(*v)}
	}
	return Value{}
}

// put takes a value, and reports whether it is of the right kind.
func (f *Field[T]) put(v Value) bool {
	ok := false
	switch p := any(&f.v).(type) {
	case *float64:
		*p, ok = v.Num, v.Kind == NumberValue && finite(v.Num)
	case *bool:
		*p, ok = v.Num != 0, v.Kind == BoolValue
	case *string:
		*p, ok = v.Text, v.Kind == TextValue
	case *Pair:
		*p, ok = Pair{v.Num, v.Second}, v.Kind == PairValue && finite(v.Num) && finite(v.Second)
	case *JSON:
		*p, ok = JSON(v.Text), v.Kind == JSONValue && json.Valid([]byte(v.Text))
	}
	if ok {
		f.is = there
		f.plain()
	}
	return ok
}
