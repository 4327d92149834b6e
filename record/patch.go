package record

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// RFC 7396 on JSON texts. A text that is no JSON is as if it were null.

// mergePatch applies a patch to a target; "" is no target.
func mergePatch(target, patch JSON) JSON {
	if !strings.HasPrefix(string(patch), "{") {
		return patch
	}
	p, ok := parse(patch).(map[string]any)
	if !ok {
		return "null"
	}
	t, _ := parse(target).(map[string]any)
	return text(mergeObjects(t, p))
}

func mergeObjects(target, patch map[string]any) map[string]any {
	out := make(map[string]any, len(target)+len(patch))
	for k, v := range target {
		out[k] = v
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case map[string]any:
			inner, _ := out[k].(map[string]any)
			out[k] = mergeObjects(inner, v)
		default:
			out[k] = v
		}
	}
	return out
}

// diffPatch is a patch that makes one text the other. Members that are null cannot be said by a patch and are left out.
func diffPatch(was, is JSON) JSON {
	a, ok := parse(was).(map[string]any)
	b, both := parse(is).(map[string]any)
	if !ok || !both {
		return is
	}
	return text(diffObjects(a, b))
}

func diffObjects(was, is map[string]any) map[string]any {
	out := make(map[string]any)
	for k := range was {
		if is[k] == nil {
			out[k] = nil
		}
	}
	for k, v := range is {
		old, inner := was[k].(map[string]any)
		object, isObject := v.(map[string]any)
		switch {
		case v == nil || reflect.DeepEqual(was[k], v):
		case inner && isObject:
			if d := diffObjects(old, object); len(d) > 0 {
				out[k] = d
			}
		default:
			out[k] = v
		}
	}
	return out
}

func parse(s JSON) (v any) {
	d := json.NewDecoder(strings.NewReader(string(s)))
	d.UseNumber() // as it was written
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// text is compact, with members in order of name.
func text(v any) JSON {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return JSON(b)
}

// CompactJSON is a JSON text without its white space, or false if it is none.
func CompactJSON(raw []byte) (JSON, bool) {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return "", false
	}
	return JSON(b.String()), true
}
