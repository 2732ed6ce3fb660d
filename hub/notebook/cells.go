package notebook

import "strings"

// The memory that a cell, an output or an unknown member takes is more than
// that of a plain value; it is charged to the budget of values in proportion.
const (
	cellCost   = 40
	outputCost = 4
)

// cellList reads the notebook's cells, or whatever stands in their place.
func (p *parser) cellList() error {
	p.content.Cells, p.ownIDs, p.cellFault = []Cell{}, nil, nil
	p.cellParts = container{span: span{start: p.pos}}
	if p.hasCells = p.peek() == '['; !p.hasCells {
		return p.skip()
	}
	err := p.elements(func() error { return p.part(&p.cellParts, token{}, p.cell) })
	p.cellParts.end = p.pos
	return err
}

// cell reads one cell.
func (p *parser) cell() error {
	if err := p.count(cellCost); err != nil {
		return err
	}
	if p.peek() != '{' {
		if p.cellFault == nil {
			p.cellFault = p.fault(p.pos, CodeNotNotebook, "this is not a cell: an object in braces should stand here; remove it or restore the file")
		}
		return p.skip()
	}
	var c Cell
	err := p.members(func(key token) error {
		start, name := p.pos, p.name(key)
		if err := p.cellField(&c, name); err != nil || name == "outputs" {
			return err
		}
		return p.addText(p.pos - start)
	})
	p.ownIDs = append(p.ownIDs, c.ID)
	p.content.Cells = append(p.content.Cells, c.documentForm())
	return err
}

// cellField reads one member of a cell.
func (p *parser) cellField(c *Cell, name string) (err error) {
	var v any
	switch name {
	case "id":
		v, err = p.value()
		c.ID, _ = v.(string)
	case "cell_type":
		v, err = p.value()
		c.Type, _ = v.(string)
	case "source":
		p.lists.source(p.peek())
		c.Source, err = p.multiline()
	case "metadata":
		v, err = p.value()
		c.Metadata, _ = v.(map[string]any)
		delete(c.Metadata, "trusted")
	case "outputs":
		c.Outputs, err = p.outputs()
	case "execution_count":
		v, err = p.value()
		c.ExecutionCount = nil
		if n, ok := wholeNumber(v); ok {
			c.ExecutionCount = &n
		}
	case "attachments":
		v, err = p.value()
		c.Attachments, _ = v.(map[string]any)
	default:
		err = p.skip()
	}
	return err
}

// documentForm is the cell with the fields of its type alone.
func (c Cell) documentForm() Cell {
	switch c.Type {
	case Code:
		c.Attachments = nil
	case Markdown, Raw:
		c.Outputs, c.ExecutionCount = nil, nil
	default:
		c.Type, c.Outputs, c.ExecutionCount = Raw, nil, nil
	}
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	return c
}

// outputs reads a cell's outputs; what is no object counts for nothing.
// Streams of one name that follow each other are one output, as they are one
// text to whoever reads them.
func (p *parser) outputs() ([]Output, error) {
	if p.peek() != '[' {
		return nil, p.skip()
	}
	list := []Output{}
	var texts []string // of the streams that make up the last output
	flush := func() {
		if len(texts) > 1 {
			list[len(list)-1]["text"] = strings.Join(texts, "")
		}
		texts = texts[:0]
	}
	err := p.elements(func() error {
		if err := p.count(outputCost); err != nil {
			return err
		}
		if p.peek() != '{' {
			return p.skip()
		}
		o, err := p.output()
		if n := len(list); n == 0 || !continues(list[n-1], o) {
			flush()
			list = append(list, o)
		}
		text, _ := o["text"].(string)
		texts = append(texts, text)
		return err
	})
	flush()
	return list, err
}

// continues reports whether an output is the same stream as the one before it.
func continues(before, o Output) bool {
	if before.Kind() != "stream" || o.Kind() != "stream" {
		return false
	}
	name, _ := before["name"].(string)
	same, ok := o["name"].(string)
	return ok && same == name
}

// output reads one output. Its text is joined while it is read, as only
// streams have one; should another output have it, it is read again.
func (p *parser) output() (Output, error) {
	o, text := Output{}, span{}
	err := p.members(func(key token) (err error) {
		name := p.name(key)
		start := p.pos
		if name != "text" {
			o[name], err = p.value()
			return err
		}
		p.lists.text(p.peek())
		o[name], err = p.multiline()
		text = span{start, p.pos}
		return err
	})
	if err != nil {
		return nil, err
	}
	delete(o, "transient")
	if text.end > 0 && o.Kind() != "stream" {
		o["text"] = decodeSpan(p.data, text)
	}
	return o, nil
}
