package spec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/invopop/jsonschema"
)

// sendSchema describes the values that only send events have.
func sendSchema(t reflect.Type) *jsonschema.Schema {
	switch reflect.New(t).Interface().(type) {
	case *Targets:
		s := namesSchema()
		s.Description = "Nodes: A..G, or n1..n100, or all; or some that are drawn: random(3), or random(3, n1..n50)."
		return s
	case *MessageType:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "string"},
			{Type: "integer", Minimum: json.Number(strconv.Itoa(FirstSendType)), Maximum: json.Number(strconv.Itoa(LastSendType))},
		}, Description: fmt.Sprintf("A name that the algorithm registers, or a number from %d.", FirstSendType)}
	case *Parameter:
		return numeric("A whole number of 32 bits.")
	case *AppNumber:
		return numeric("The name of an application, or its number.")
	}
	return numeric("Hexadecimal digits, two a byte.")
}
