package api

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ioverlay/ioverlay/record"
)

// query reads parameters, and remembers the first that was wrong.
type query struct {
	url.Values
	err error
}

func (q *query) take(name string) string {
	v := q.Get(name)
	q.Del(name)
	return v
}

func (q *query) wrong(format string, args ...any) {
	if q.err == nil {
		q.err = bad(format, args...)
	}
}

func (q *query) time(name string, missing record.Time) record.Time {
	text := q.take(name)
	if text == "" {
		return missing
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) {
		q.wrong("%s %q: a time is seconds since the beginning, such as 12.5", name, text)
	}
	return record.FromSeconds(v)
}

func (q *query) number(name string, missing, least, most int) int {
	text := q.take(name)
	if text == "" {
		return missing
	}
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		q.wrong("%s %q: use %d to %d", name, text, least, most)
	}
	return v
}

func (q *query) node(name string) (i uint32, given bool) {
	text := q.take(name)
	if text == "" {
		return 0, false
	}
	v, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		q.wrong("%s %q: a node is its index", name, text)
	}
	return uint32(v), true
}

// rest finds parameters that nobody took: what is silently ignored is a mistake that nobody sees.
func (q *query) rest() {
	for name := range q.Values {
		q.wrong("there is no parameter %q here: see /api/v1/openapi.json", name)
	}
}

// decode reads the body of a request.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bad("the body: %v", err)
	}
	return nil
}
