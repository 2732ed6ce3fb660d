package notebook

import "bytes"

// container is where the parts of an object or array stand in the file.
type container struct {
	span
	items []item
}

// item is one member or element with the white space around it.
type item struct {
	lead  int  // offset after the bracket or comma before it
	key   span // with its quotes; empty in arrays
	value span
	trail int // offset of the comma or bracket after it
}

// layoutOf finds the parts of the object or array at sp, which has been
// scanned before and is valid. Other values have no parts.
func layoutOf(data []byte, sp span) *container {
	s := scanner{data: data[:sp.end], pos: sp.start}
	c := &container{span: sp}
	switch s.peek() {
	case '{':
		_ = s.members(func(key token) error { return s.part(c, key, s.skip) })
	case '[':
		_ = s.elements(func() error { return s.part(c, token{}, s.skip) })
	}
	return c
}

// part notes the member or element at pos, which read moves past.
func (s *scanner) part(c *container, key token, read func() error) error {
	it := item{lead: c.start + 1, value: span{start: s.pos}}
	if n := len(c.items); n > 0 {
		it.lead = c.items[n-1].trail + 1
	}
	if key.start > 0 {
		it.key = span{key.start - 1, key.end + 1}
	}
	err := read()
	it.value.end = s.pos
	s.space()
	it.trail = s.pos
	c.items = append(c.items, it)
	return err
}

// keyOf is the decoded key of a member.
func keyOf(data []byte, it item) string {
	return decodeString(data[it.key.start:it.key.end])
}

// decodeString decodes a JSON string with its quotes.
func decodeString(raw []byte) string {
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	return shared(unescape(make([]byte, 0, len(raw)), raw))
}

// decodeSpan decodes the valid value at sp.
func decodeSpan(data []byte, sp span) any {
	s := scanner{data: data[:sp.end], pos: sp.start}
	v, _ := s.value()
	return v
}

// leadOf is the white space before an item, and before its key.
func leadOf(data []byte, it item) []byte {
	if it.key.end > 0 {
		return data[it.lead:it.key.start]
	}
	return data[it.lead:it.value.start]
}

// find is the index of the last member with this key, -1 when there is none.
func (c *container) find(data []byte, key string) int {
	for i := len(c.items) - 1; i >= 0; i-- {
		if keyOf(data, c.items[i]) == key {
			return i
		}
	}
	return -1
}

// lineBreak is the line break and indentation that ends white space, "" when
// it holds no line break.
func lineBreak(lead []byte) string {
	i := bytes.LastIndexByte(lead, '\n')
	if i < 0 {
		return ""
	}
	if i > 0 && lead[i-1] == '\r' {
		i--
	}
	return string(lead[i:])
}
