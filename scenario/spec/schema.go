package spec

import (
	"encoding/json"
	"reflect"

	"github.com/invopop/jsonschema"
)

// Schema is the JSON Schema of scenario files, for editors: made from the types that
// files are decoded into.
func Schema(algorithms Algorithms) ([]byte, error) {
	r := jsonschema.Reflector{
		FieldNameTag: "yaml",
		Anonymous:    true,
		Mapper:       func(t reflect.Type) *jsonschema.Schema { return leafSchema(t, algorithms) },
	}
	s := r.Reflect(&File{})
	s.Title = "iOverlay scenario"
	for name, short := range map[string]*jsonschema.Schema{
		"NodeGroup": namesSchema(), "LinkGroup": {Type: "string", Description: "Links such as A -> B, C."}, "Bootstrap": bootstrapSchema(),
	} {
		// A name or a link alone stands for a mapping with only that, and a word for one.
		long := *s.Definitions[name]
		*s.Definitions[name] = jsonschema.Schema{AnyOf: []*jsonschema.Schema{short, &long}}
	}
	return json.MarshalIndent(s, "", "  ")
}

const number = `[0-9][0-9_]*(\.[0-9][0-9_]*)?`

// patterns of values that are written as text.
const (
	timePattern = `^\s*` + number + `\s*(ns|us|[µμ]s|ms|s|min|h)\s*$`
	sizePattern = `^\s*` + number + `\s*(|Ki?|Mi?|Gi?)B\s*$`
	ratePattern = `^\s*` + number + `\s*(|Ki?|Mi?|Gi?)(Bps|bps)\s*$`
	freqPattern = `^\s*` + number + `\s*(messages?)?/(ns|us|[µμ]s|ms|s|min|h)\s*$`
	drawPattern = `^\s*(uniform|normal|exponential|pareto|choice)\s*\(.*\)\s*$`
)

func matching(about string, patterns ...string) *jsonschema.Schema {
	if len(patterns) == 1 {
		return &jsonschema.Schema{Type: "string", Pattern: patterns[0], Description: about}
	}
	s := &jsonschema.Schema{Description: about}
	for _, p := range patterns {
		s.AnyOf = append(s.AnyOf, &jsonschema.Schema{Type: "string", Pattern: p})
	}
	return s
}

func enum(values ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	return s
}

func namesSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}},
	}, Description: "Nodes: A..G, or n1..n100, or all."}
}

// numeric is a number that may have a unit, so YAML may see a number or text.
func numeric(about string) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string"}}, Description: about}
}

// leafSchema describes the values that read themselves.
func leafSchema(t reflect.Type, algorithms Algorithms) *jsonschema.Schema {
	switch reflect.New(t).Interface().(type) {
	case *Duration:
		return matching("A time such as 500ms.", timePattern)
	case *Start:
		return matching("A time such as 5s, or later.", timePattern, "^later$")
	case *Size:
		return matching("A size such as 5KB.", sizePattern)
	case *Count:
		return numeric("A whole number.")
	case *Pace:
		return matching("A rate such as 100KBps or 20 messages/s.", ratePattern, freqPattern)
	case *RateDraw:
		return matching("A rate such as 400KBps, unlimited, or a distribution such as uniform(50KBps, 200KBps).", ratePattern, drawPattern, "^unlimited$")
	case *TimeDraw, *LatencyDraw:
		return matching("A time, or a distribution such as exponential(3s).", timePattern, drawPattern)
	case *ShareDraw:
		return numeric("A share such as 2%, or a distribution.")
	case *Jitter:
		return matching("A shape and a spread, such as normal(5ms).", `^\s*(uniform|normal|exponential)\s*\(.*\)\s*$`)
	case *NodeSet:
		return namesSchema()
	case *LinkSet:
		return &jsonschema.Schema{Type: "string", Description: "Links such as A -> B, C."}
	case *Expectation:
		return &jsonschema.Schema{Type: "string", Description: "What must hold, such as throughput(D) = 400KBps ± 2%."}
	case *Transport:
		return enum("tcp", "mem")
	case *Source:
		return enum(string(BackToBack), string(ConstantRate), string(Media), string(WholeFile))
	case *Series:
		return enum(string(SeriesNode), string(SeriesLink))
	case *Targets, *MessageType, *Parameter, *AppNumber, *HexBytes:
		return sendSchema(t)
	case *Departure:
		return enum(string(DepartKill), string(DepartStop))
	case *Algorithm:
		return algorithmSchema(algorithms)
	case *Observers:
		return observersSchema()
	case *Degrees:
		return &jsonschema.Schema{Type: "number", Description: "Degrees."}
	}
	return nil
}

// algorithmSchema allows the name of an algorithm, or a mapping for each with its
// parameters.
func algorithmSchema(algorithms Algorithms) *jsonschema.Schema {
	names := enum(algorithms.Names()...)
	out := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{names}}
	for _, name := range algorithms.Names() {
		params, _ := algorithms.Params(name)
		props := jsonschema.NewProperties()
		props.Set("name", enum(name))
		s := &jsonschema.Schema{Type: "object", Properties: props, AdditionalProperties: jsonschema.FalseSchema, Required: []string{"name"}}
		for _, p := range params {
			props.Set(p.Name, numeric(p.About+" "+p.Kind.String()+"."))
			if p.Default == nil {
				s.Required = append(s.Required, p.Name)
			}
		}
		out.AnyOf = append(out.AnyOf, s)
	}
	return out
}
