package observer

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a text that a node sent fit for logs and pages: UTF-8 without control and formatting characters, of at most
// so many bytes. It stays data wherever it is shown; that is the shower's duty, not made easier by what is left out here.
func clean(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	plain := true
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			plain = false
			break
		}
	}
	if !plain {
		text = strings.Map(func(r rune) rune {
			switch {
			case r == '\n' || r == '\t' || r == '\r':
				return ' '
			case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
				return -1 // characters that turn the direction of a line round, for one
			}
			return r
		}, text)
	}
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// asJSON is a value that was read from CBOR as JSON; "" if that cannot be, or would be longer than most bytes.
func asJSON(v any, most int) string {
	b, err := json.Marshal(plain(v))
	if err != nil || len(b) > most {
		return ""
	}
	return string(b)
}

// plain makes of a value what JSON can hold: keys are text, bytes base64, and what is no number null.
func plain(v any) any {
	switch v := v.(type) {
	case map[any]any:
		keys := make([]any, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(a, b any) int { return cmp.Compare(fmt.Sprintf("%v %T", a, a), fmt.Sprintf("%v %T", b, b)) })
		m := make(map[string]any, len(v)) // ordered by the encoder
		for _, k := range keys {          // of the number 1 and the text "1" always the same one stays
			m[fmt.Sprint(k)] = plain(v[k])
		}
		return m
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case float32:
		return plain(float64(v))
	}
	return v
}
