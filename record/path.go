package record

import (
	"slices"
	"strconv"
	"strings"
)

// Path is the name of one value of a node or a link: "caps.total", "apps.1.in", "metrics.lookups". Paths can be compared.
type Path struct {
	link   bool
	what   pathKind
	leaf   int16
	app    uint32
	metric string
}

type pathKind uint8

const (
	ofLeaf   pathKind = iota // a field
	ofApp                    // a field of an application
	ofMetric                 // a metric
	itself                   // "gone": whether it is there at all
	anApp                    // "apps.1": whether the application is there
	allApps                  // "apps": null, in patches
	allMetrics
)

// String is the path in JSON's words.
func (p Path) String() string {
	switch p.what {
	case ofLeaf:
		if p.link {
			return linkLeaves[p.leaf].path
		}
		return nodeLeaves[p.leaf].path
	case ofApp:
		return "apps." + strconv.FormatUint(uint64(p.app), 10) + "." + p.appLeaves()[p.leaf].path
	case ofMetric:
		return "metrics." + p.metric
	case itself:
		return "gone"
	case anApp:
		return "apps." + strconv.FormatUint(uint64(p.app), 10)
	case allApps:
		return "apps"
	case allMetrics:
		return "metrics"
	}
	return ""
}

func (p Path) appLeaves() []leaf[App] {
	if p.link {
		return linkAppLeaves
	}
	return nodeAppLeaves
}

// Kind is what the values of the path are. They may be gone, which is NoValue.
func (p Path) Kind() ValueKind {
	switch p.what {
	case ofLeaf:
		if p.link {
			return linkLeaves[p.leaf].of(&Link{}).value().Kind
		}
		return nodeLeaves[p.leaf].of(&Node{}).value().Kind
	case ofApp:
		return p.appLeaves()[p.leaf].of(&App{}).value().Kind
	case ofMetric:
		return NumberValue
	case itself, anApp, allApps, allMetrics:
	}
	return BoolValue
}

// Compare orders paths as they are shown: fields in the order of the vocabulary, then applications, then metrics.
func (p Path) Compare(o Path) int {
	rank := func(p Path) []int {
		app := 0
		if p.what == ofApp || p.what == anApp {
			app = int(p.app) + 1
		}
		group := [...]int{itself: 0, ofLeaf: 1, allApps: 2, anApp: 3, ofApp: 3, allMetrics: 4, ofMetric: 5}[p.what]
		return []int{group, app, int(p.what), int(p.leaf)}
	}
	if order := slices.Compare(rank(p), rank(o)); order != 0 {
		return order
	}
	return strings.Compare(p.metric, o.metric)
}

// ParsePath finds a path by its name; false if nodes, or links, have none of that name.
func ParsePath(ofLink bool, name string) (Path, bool) {
	p := Path{link: ofLink}
	if rest, ok := strings.CutPrefix(name, "metrics."); ok && !ofLink && len(rest) <= MaxText {
		p.what, p.metric = ofMetric, rest
		return p, true
	}
	if rest, ok := strings.CutPrefix(name, "apps."); ok {
		number, field, inner := strings.Cut(rest, ".")
		id, err := strconv.ParseUint(number, 10, 32)
		if err != nil || strconv.FormatUint(id, 10) != number {
			return Path{}, false
		}
		p.app = uint32(id)
		if p.what = anApp; inner {
			p.what = ofApp
			ok := p.find(len(p.appLeaves()), func(i int) string { return p.appLeaves()[i].path }, field)
			return p, ok
		}
		return p, true
	}
	switch {
	case name == "gone":
		p.what = itself
		return p, true
	case name == "apps":
		p.what = allApps
		return p, true
	case name == "metrics" && !ofLink:
		p.what = allMetrics
		return p, true
	case ofLink:
		ok := p.find(len(linkLeaves), func(i int) string { return linkLeaves[i].path }, name)
		return p, ok
	}
	ok := p.find(len(nodeLeaves), func(i int) string { return nodeLeaves[i].path }, name)
	return p, ok
}

func (p *Path) find(n int, at func(int) string, name string) bool {
	for i := range n {
		if at(i) == name {
			p.leaf = int16(i)
			return true
		}
	}
	return false
}

// Each shows all that a node, or a patch of one, says; NoValue is what is gone. A node that is gone, an application that
// is, or one with nothing to say is a path of its own.
func (n *Node) Each(yield func(Path, Value)) {
	said := eachLeaf(nodeLeaves, n, Path{}, yield)
	said = eachApp(n.Apps, n.NoApps, Path{}, yield) || said
	if n.NoMetrics {
		yield(Path{what: allMetrics}, Value{})
		said = true
	}
	for i := range n.Metrics {
		if m := &n.Metrics[i]; m.Value.is != absent {
			yield(Path{what: ofMetric, metric: m.Name}, valueOf(&m.Value))
			said = true
		}
	}
	if n.Gone || !said {
		yield(Path{what: itself}, truthOf(n.Gone))
	}
}

// Each shows all that a link says, as Node.Each does.
func (l *Link) Each(yield func(Path, Value)) {
	said := eachLeaf(linkLeaves, l, Path{link: true}, yield)
	said = eachApp(l.Apps, l.NoApps, Path{link: true}, yield) || said
	if l.Gone || !said {
		yield(Path{link: true, what: itself}, truthOf(l.Gone))
	}
}

func truthOf(yes bool) Value {
	if yes {
		return Value{Kind: BoolValue, Num: 1}
	}
	return Value{Kind: BoolValue}
}

func valueOf(s slot) Value {
	if s.presence() == gone {
		return Value{}
	}
	return s.value()
}

func eachLeaf[T any](leaves []leaf[T], of *T, p Path, yield func(Path, Value)) (said bool) {
	for i := range leaves {
		s := leaves[i].of(of)
		if s.presence() == absent {
			continue
		}
		p.leaf = int16(i)
		yield(p, valueOf(s))
		said = true
	}
	return said
}

func eachApp(apps []App, none bool, p Path, yield func(Path, Value)) (said bool) {
	if none {
		p.what = allApps
		yield(p, Value{})
		return true
	}
	for i := range apps {
		a := &apps[i]
		p.app = a.ID
		p.what = ofApp
		if a.Gone || !eachLeaf(p.appLeaves(), a, p, yield) {
			p.what, p.leaf = anApp, 0
			yield(p, truthOf(!a.Gone))
		}
	}
	return said || len(apps) > 0
}

// Put adds what Each showed. It reports whether the value is of the path's kind.
func (n *Node) Put(p Path, v Value) bool {
	switch {
	case p.link:
		return false
	case p.what == ofLeaf:
		return put(nodeLeaves[p.leaf].of(n), v)
	case p.what == ofMetric:
		at, found := slices.BinarySearchFunc(n.Metrics, p.metric, func(m Metric, name string) int { return strings.Compare(m.Name, name) })
		if !found {
			n.Metrics = slices.Insert(n.Metrics, at, Metric{Name: p.metric})
		}
		return put(&n.Metrics[at].Value, v)
	case p.what == allMetrics:
		n.NoMetrics = true
		return v.Kind == NoValue
	case p.what == itself:
		n.Gone = v.Num != 0
		return v.Kind == BoolValue
	}
	return putApp(&n.Apps, &n.NoApps, p, v)
}

// Put adds what Each showed, as Node.Put does.
func (l *Link) Put(p Path, v Value) bool {
	switch {
	case !p.link:
		return false
	case p.what == ofLeaf:
		return put(linkLeaves[p.leaf].of(l), v)
	case p.what == itself:
		l.Gone = v.Num != 0
		return v.Kind == BoolValue
	}
	return putApp(&l.Apps, &l.NoApps, p, v)
}

func putApp(apps *[]App, none *bool, p Path, v Value) bool {
	if p.what == allApps {
		*none = true
		return v.Kind == NoValue
	}
	at, found := slices.BinarySearchFunc(*apps, p.app, byApp)
	if !found {
		*apps = slices.Insert(*apps, at, App{ID: p.app})
	}
	if p.what == anApp {
		(*apps)[at].Gone = v.Num == 0
		return v.Kind == BoolValue
	}
	return put(p.appLeaves()[p.leaf].of(&(*apps)[at]), v)
}

func put(s slot, v Value) bool {
	if v.Kind == NoValue {
		s.drop()
		return true
	}
	return s.put(v)
}

// NodeFields are the fields of nodes, without applications and metrics; LinkFields those of links, and AppFields those of
// an application at a node or a link: what their names are behind "apps.1.".
func NodeFields() []Path { return fieldsOf(nodeLeaves, Path{}) }

// LinkFields are the fields of links.
func LinkFields() []Path { return fieldsOf(linkLeaves, Path{link: true}) }

// AppFields are the fields of an application.
func AppFields(ofLink bool, app uint32) []Path {
	p := Path{link: ofLink, what: ofApp, app: app}
	return fieldsOf(p.appLeaves(), p)
}

func fieldsOf[T any](leaves []leaf[T], p Path) (all []Path) {
	for i := range leaves {
		p.leaf = int16(i)
		all = append(all, p)
	}
	return all
}

// Get is the value of a path; NoValue if there is none.
func (n *Node) Get(p Path) Value {
	switch {
	case p.link:
	case p.what == ofLeaf:
		return present(nodeLeaves[p.leaf].of(n))
	case p.what == ofMetric:
		if at, found := slices.BinarySearchFunc(n.Metrics, p.metric, func(m Metric, name string) int { return strings.Compare(m.Name, name) }); found {
			return present(&n.Metrics[at].Value)
		}
	case p.what == ofApp:
		return appValue(n.Apps, p)
	}
	return Value{}
}

// Get is the value of a path, as Node.Get.
func (l *Link) Get(p Path) Value {
	switch {
	case !p.link:
	case p.what == ofLeaf:
		return present(linkLeaves[p.leaf].of(l))
	case p.what == ofApp:
		return appValue(l.Apps, p)
	}
	return Value{}
}

func appValue(apps []App, p Path) Value {
	at, found := slices.BinarySearchFunc(apps, p.app, byApp)
	if !found {
		return Value{}
	}
	return present(p.appLeaves()[p.leaf].of(&apps[at]))
}

func present(s slot) Value {
	if s.presence() != there {
		return Value{}
	}
	return s.value()
}
