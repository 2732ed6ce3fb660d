package notebook

// lineWork bounds the comparisons that aligning the changed lines of one text
// may take.
const lineWork = 1 << 20

// patchLines writes v over a list of lines. Elements that are lines of v too
// keep their bytes, however the list splits its text; of those that changed
// the unchanged ends do.
func (r *renderer) patchLines(sp span, v string, at string) {
	c := layoutOf(r.data, sp)
	old := make([]string, len(c.items))
	for i, it := range c.items {
		if r.data[it.value.start] != '"' {
			r.encodeSource(v, at)
			return
		}
		old[i] = decodeString(r.data[it.value.start:it.value.end])
	}
	rule := ruleOf(old)
	head, tail, middle := rule.splitLike(old, v)
	var slots []slot
	for i := range head {
		slots = append(slots, slot{from: i})
	}
	slots = r.lineSlots(c, slots, head, old[head:len(old)-tail], rule.split(middle))
	for i := len(old) - tail; i < len(old); i++ {
		slots = append(slots, slot{from: i})
	}
	r.emit('[', c, slots, at)
}

// encodeSource writes a source of which the file has no form, as it writes
// others.
func (r *renderer) encodeSource(v, at string) {
	if r.style.listSource {
		r.encodeLines(v, at)
		return
	}
	r.out = r.style.appendString(r.out, v, r.style.escapeWide)
}

// splitLike counts the elements that a list can keep at its beginning and its
// end when its text becomes v, and returns what is left of v between them. That
// must be whole lines, else an edit would glue lines together.
func (l lineRule) splitLike(old []string, v string) (head, tail int, middle string) {
	from := 0
	for i, pos := 0, 0; i < len(old); i++ {
		if len(v)-pos < len(old[i]) || v[pos:pos+len(old[i])] != old[i] {
			break
		}
		if pos += len(old[i]); l.starts(v, pos) && (pos < len(v) || i+1 == len(old) || l.complete(v)) {
			head, from = i+1, pos
		}
	}
	to := len(v)
	for i, pos := len(old)-1, len(v); i >= head; i-- {
		if pos-from < len(old[i]) || v[pos-len(old[i]):pos] != old[i] {
			break
		}
		if pos -= len(old[i]); l.starts(v, pos) {
			tail, to = len(old)-i, pos
		}
	}
	return head, tail, v[from:to]
}

// lineSlots aligns the elements old, the first of which is item first, with
// the lines that replace them.
func (r *renderer) lineSlots(c *container, slots []slot, first int, old, lines []string) []slot {
	i, j := 0, 0
	hunks := diff(old, lines, lineWork)
	for _, h := range append(hunks, hunk{len(old), len(old), len(lines), len(lines)}) {
		for ; i < h.a0; i, j = i+1, j+1 {
			slots = append(slots, slot{from: first + i})
		}
		for ; j < h.b1; j++ {
			line := lines[j]
			if i < h.a1 {
				sp := c.items[first+i].value
				slots = append(slots, slot{from: first + i, write: func(string) { r.patchString(sp, line) }})
				i++
				continue
			}
			slots = append(slots, slot{from: -1, write: func(string) {
				r.out = r.style.appendString(r.out, line, r.style.escapeWide)
			}})
		}
		i = h.a1
	}
	return slots
}
