package notebook

import "unicode/utf8"

// mimeOfShort is the mime type of the short name that formats 1 to 3 gave to a
// representation of an output.
func mimeOfShort(name string) string {
	switch name {
	case "text":
		return "text/plain"
	case "html":
		return "text/html"
	case "svg":
		return "image/svg+xml"
	case "png":
		return "image/png"
	case "jpeg":
		return "image/jpeg"
	case "latex":
		return "text/latex"
	case "json":
		return "application/json"
	case "javascript":
		return "application/javascript"
	}
	return name
}

// output writes one output of a code cell.
func (u *upgrader) output(sp span, at string) {
	if u.data[sp.start] != '{' {
		u.raw(sp)
		return
	}
	by, keys := u.members(sp)
	var fields []field
	switch kind := u.text(by["output_type"]); kind {
	case "pyout", "execute_result":
		fields = append(u.representations("execute_result", by, keys), u.count(by))
	case "display_data":
		fields = u.representations(kind, by, keys)
	case "stream":
		fields = append(u.rest(by, keys, "stream", "name", "metadata", "text"), u.streamName(by), u.field("text", by, "text"))
	case "pyerr", "error":
		fields = append(u.rest(by, keys, "output_type", "metadata", "prompt_number"), u.value("output_type", "error"))
	default:
		fields = u.rest(by, keys)
	}
	u.sorted(fields, at)
}

// streamName is stdout or stderr, which was called stream.
func (u *upgrader) streamName(by map[string]span) field {
	for _, key := range []string{"stream", "name"} {
		if sp := by[key]; sp.end > 0 && u.data[sp.start] == '"' {
			return u.copied("name", sp)
		}
	}
	return u.value("name", "stdout")
}

// representations gathers in data what stood beside each other in the output.
func (u *upgrader) representations(kind string, by map[string]span, keys []string) []field {
	own := []string{"output_type", "prompt_number", "execution_count", "metadata"}
	data := func(at string) {
		var fields []field
		for _, f := range u.rest(by, keys, own...) {
			sp := by[f.key]
			switch f.key = mimeOfShort(f.key); {
			case f.key == "application/json":
				f.write = func(at string) { u.embedded(sp, at) }
			case shapeOfMime(f.key) == text:
				f = u.lines(f.key, sp)
			}
			fields = append(fields, f)
		}
		u.sorted(fields, at)
	}
	meta := func(at string) {
		by, keys := u.members(by["metadata"])
		fields := u.rest(by, keys)
		for i := range fields {
			fields[i].key = mimeOfShort(fields[i].key)
		}
		u.object(fields, at)
	}
	return []field{{"data", data}, {"metadata", meta}, u.value("output_type", kind)}
}

// embedded writes JSON that was held as a text; what is no JSON stays a text.
func (u *upgrader) embedded(sp span, at string) {
	inner := []byte(u.text(sp))
	s := scanner{data: inner, limit: maxValues}
	s.space()
	start := s.pos
	err := s.skip()
	end := s.pos
	s.space()
	if err != nil || s.pos < len(inner) || !utf8.Valid(inner) || u.holdsJSON(sp) {
		u.reformat(sp, at)
		return
	}
	v := upgrader{renderer: renderer{File: &File{data: inner, style: u.style}, out: u.out}}
	v.reformat(span{start, end}, at)
	u.out = v.out
}

// holdsJSON reports whether a value is not text at all, so real JSON already.
func (u *upgrader) holdsJSON(sp span) bool {
	b := u.data[sp.start]
	return b != '"' && b != '['
}
