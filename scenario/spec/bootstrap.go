package spec

import (
	"reflect"

	"github.com/invopop/jsonschema"
)

// Bootstrap is whom a node knows when it starts, beside those that it has links to: all,
// or a mapping.
type Bootstrap struct {
	placed
	All    bool     `yaml:"-"`
	Random *Count   `yaml:"random,omitempty" jsonschema_description:"So many of the others, drawn for each node whenever it starts."`
	Seeds  *NodeSet `yaml:"seeds,omitempty" jsonschema_description:"These nodes, whether they run or not."`
}

const everybody = "all"

func (v *Bootstrap) read(d *decoder, t *tree) {
	if t.shape != shapeText {
		d.mapping(t, reflect.ValueOf(v).Elem())
		return
	}
	v.place(t.at)
	if v.All = t.text == everybody; !v.All {
		d.report(t.at, "Write all, {random: 5} or {seeds: A..C}.", "%q says nothing of whom a node knows when it starts", t.text)
	}
}

func (v *Bootstrap) check(d *decoder) {
	if (v.Random == nil) == (v.Seeds == nil) {
		d.report(v.Span, "Use random or seeds.", "a node knows either random nodes or seeds when it starts")
	}
}

// bootstrapSchema adds the word to what the reflector made of the mapping.
func bootstrapSchema() *jsonschema.Schema {
	s := enum(everybody)
	s.Description = "Everybody else that runs then."
	return s
}

// Contacts is whom a node knows when it starts. All and Random are of the other nodes
// that run then, as the timeline has it.
type Contacts struct {
	All    bool
	Random int
	Seeds  []int // indices of nodes
}

// MaxContacts bounds the contacts of a node: what algos.MaxHosts allows an algorithm to
// remember.
const MaxContacts = 4096

// bootstraps looks up whom the nodes know, which needs all their names.
func (r *resolver) bootstraps() {
	if b := r.f.Bootstrap; b != nil && r.allHave(func(g *NodeGroup) bool { return g.Bootstrap != nil }) {
		r.report(b.Span, unusedHint, "no node knows these when it starts")
	}
	var everybodys Contacts
	if r.f.Bootstrap != nil {
		everybodys = r.contacts(r.f.Bootstrap)
	}
	for i := range r.f.Nodes {
		g := &r.f.Nodes[i]
		c := everybodys
		if g.Bootstrap != nil {
			c = r.contacts(g.Bootstrap)
		}
		for _, n := range r.indices(g.Names.Parts) {
			r.plan.Nodes[n].Contacts = c
		}
	}
}

// contacts reads what a file says of contacts.
func (r *resolver) contacts(b *Bootstrap) (c Contacts) {
	others := len(r.plan.Nodes) - 1
	switch {
	case b.All:
		c.All = true
		if others > MaxContacts {
			r.report(b.Span, "Use random.", "a node knows at most %d others when it starts, and there are %d", MaxContacts, others)
		}
	case b.Seeds != nil:
		c.Seeds = r.indices(b.Seeds.Parts)
		if len(c.Seeds) > MaxContacts {
			r.report(b.Seeds.Span, "", "a node knows at most %d others when it starts, and these are %d", MaxContacts, len(c.Seeds))
		}
	case b.Random.N == 0:
		r.report(b.Random.Span, "Leave bootstrap out.", "0 contacts are none")
	case b.Random.N > min(others, MaxContacts):
		r.report(b.Random.Span, "Use all, or a smaller number.", "a node cannot know %d others when it starts: there are %d, and it knows at most %d", b.Random.N, others, MaxContacts)
	default:
		c.Random = b.Random.N
	}
	return c
}
