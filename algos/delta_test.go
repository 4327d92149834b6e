package algos

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// Whatever field of a report changes, a delta says so, and makes the one report the other. A field that is no part would go
// untold: one that is added has to be added to statusParts.
func TestEveryFieldIsAPart(t *testing.T) {
	ofEach := []string{"Version", "Node", "Now", "Number", "Delta", "Shared"} // who reports, when, and which report it is
	typ := reflect.TypeFor[Status]()
	parts := 0
	for i := range typ.NumField() {
		field := typ.Field(i)
		if slices.Contains(ofEach, field.Name) {
			continue
		}
		parts++
		var was, is Status
		fill(t, field.Name, reflect.ValueOf(&is).Elem().Field(i))
		d := changed(&was, &is)
		if d.Set == 0 || d.Set&(d.Set-1) != 0 {
			t.Errorf("%s: its change is told as parts %#x, want one", field.Name, d.Set)
		}
		if err := d.Apply(&was, time.Second); err != nil {
			t.Errorf("%s: %v", field.Name, err)
		}
		if is.Now = time.Second; !reflect.DeepEqual(was, is) {
			t.Errorf("%s: the delta leads to %+v, not %+v", field.Name, was, is)
		}
	}
	if parts != len(statusParts) {
		t.Errorf("%d fields and %d parts", parts, len(statusParts))
	}
}

// fill makes a value another than zero.
func fill(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem())
	case reflect.Struct:
		fill(t, name, v.Field(0))
	default:
		t.Fatalf("%s: this test has no value for a %s", name, v.Kind())
	}
}
