package notebook

import (
	"maps"
	"slices"
	"strings"
)

// outputs writes the outputs of a cell over the value at sp, if there is one.
// Outputs that both begin or end with keep their bytes; of those between, the
// pairs of one kind keep what they have in common.
func (r *renderer) outputs(sp span, old, v []Output, at string) {
	c := &container{}
	if sp.end > 0 && r.data[sp.start] == '[' {
		c = layoutOf(r.data, sp)
	}
	units := r.outputUnits(c)
	old = old[:min(len(old), len(units))]
	head, tail := commonEnds(len(old), len(v), func(i, j int) bool {
		return EqualOutputs(old[i:i+1], v[j:j+1])
	})
	first, behind := len(c.items), len(c.items)
	if len(v) == 0 {
		first = 0
	} else if head < len(units) {
		first = units[head][0]
	}
	if tail > 0 {
		behind = units[len(units)-tail][0]
	}
	var slots []slot
	for i := range first {
		slots = append(slots, slot{from: i})
	}
	for j := head; j < len(v)-tail; j++ {
		if j < len(old)-tail && old[j].Kind() == v[j].Kind() {
			slots = r.outputSlots(c, slots, units[j], old[j], v[j])
			continue
		}
		slots = append(slots, slot{from: -1, write: func(at string) { r.newOutput(v[j], at) }})
	}
	for i := behind; i < len(c.items); i++ {
		slots = append(slots, slot{from: i})
	}
	r.emit('[', c, slots, at)
}

// outputUnits are, for each output in document form, the items of the list
// that it is made of: several when a stream was written in pieces.
func (r *renderer) outputUnits(c *container) [][]int {
	var units [][]int
	var before Output
	for i, it := range c.items {
		if r.data[it.value.start] != '{' {
			continue
		}
		o := r.streamOf(it.value)
		if n := len(units); n > 0 && continues(before, o) {
			units[n-1] = append(units[n-1], i)
			continue
		}
		units, before = append(units, []int{i}), o
	}
	return units
}

// streamOf is the output at sp without all that plays no part in continues.
func (r *renderer) streamOf(sp span) Output {
	o := Output{}
	for _, it := range layoutOf(r.data, sp).items {
		if key := keyOf(r.data, it); key == "output_type" || key == "name" {
			o[key] = decodeSpan(r.data, it.value)
		}
	}
	return o
}

// outputSlots writes an output over the items that make up its old form.
// Pieces of a stream that the new text begins with stay.
func (r *renderer) outputSlots(c *container, slots []slot, unit []int, old, v Output) []slot {
	write := func(i int, o, v Output) slot {
		return slot{from: i, write: func(at string) { r.patchMap(shapeOfOutput(v), c.items[i].value, o, v, at) }}
	}
	if len(unit) == 1 {
		return append(slots, write(unit[0], old, v))
	}
	rest, ok := v["text"].(string)
	if !ok || !sameBesideText(old, v) {
		piece, _ := decodeSpan(r.data, c.items[unit[0]].value).(map[string]any)
		return append(slots, write(unit[0], piece, v))
	}
	for n, i := range unit {
		piece, _ := decodeSpan(r.data, c.items[i].value).(map[string]any)
		text, _ := joined(piece["text"])
		after, ok := strings.CutPrefix(rest, text)
		if ok && (n < len(unit)-1 || after == "") {
			slots = append(slots, slot{from: i})
			rest = after
			continue
		}
		if n == 0 || rest != "" {
			o := maps.Clone(piece)
			o["text"] = rest
			slots = append(slots, write(i, piece, o))
		}
		break
	}
	return slots
}

// sameBesideText reports whether two streams differ in their text alone.
func sameBesideText(a, b Output) bool {
	x, y := maps.Clone(a), maps.Clone(b)
	delete(x, "text")
	delete(y, "text")
	return sameMaps(stream, x, y)
}

// newOutput writes an output with its keys in the order that the file's first
// output of the kind has.
func (r *renderer) newOutput(o Output, at string) {
	r.encodeMap(shapeOfOutput(o), o, r.outputOrder(o.Kind()), at)
}

func (r *renderer) outputOrder(kind string) []string {
	order, ok := r.orders[kind]
	if ok {
		return order
	}
	if r.orders == nil {
		r.orders = map[string][]string{}
	}
	for i := range r.content.Cells {
		j := slices.IndexFunc(r.content.Cells[i].Outputs, func(o Output) bool { return o.Kind() == kind })
		if j >= 0 {
			order = r.keysOf(layoutOf(r.data, r.outputSpan(i, j)))
			break
		}
	}
	r.orders[kind] = order
	return order
}

// outputSpan is where output j of cell i stands in the file.
func (r *renderer) outputSpan(i, j int) span {
	cell := layoutOf(r.data, r.cells.items[i].value)
	list := layoutOf(r.data, cell.items[cell.find(r.data, "outputs")].value)
	for _, it := range list.items {
		if r.data[it.value.start] == '{' {
			if j--; j < 0 {
				return it.value
			}
		}
	}
	return span{}
}
