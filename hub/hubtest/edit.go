package hubtest

import (
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Edit changes the peer's document and sends what changed.
func (p *Peer) Edit(f func(doc *yjs.Doc, tx *yjs.Txn)) {
	p.env.T.Helper()
	p.mu.Lock()
	c, err := p.doc.Transact(nil, func(tx *yjs.Txn) error {
		f(p.doc, tx)
		return nil
	})
	if err == nil && len(c.Update) > 0 {
		p.unsent = append(p.unsent, Unsent{p.doc.State()[p.doc.ClientID()], c.Update})
	}
	p.mu.Unlock()
	if err != nil {
		p.env.T.Fatal(err)
	}
	if len(c.Update) > 0 {
		_ = p.Conn.Send(yjs.AppendUpdate(nil, c.Update)) // a lost connection loses it, as in life
	}
}

// Type brings a cell's source to text by the smallest change.
func (p *Peer) Type(cell, text string) {
	p.env.T.Helper()
	p.Edit(func(_ *yjs.Doc, tx *yjs.Txn) {
		source := p.source(cell)
		if source == nil {
			p.env.T.Errorf("peer has no cell %q", cell)
			return
		}
		edits := notebook.DiffText(source.String(), text)
		for i := len(edits) - 1; i >= 0; i-- {
			source.Delete(tx, edits[i].At, edits[i].Delete)
			source.Insert(tx, edits[i].At, edits[i].Insert)
		}
	})
}

// Insert puts a code cell at position i.
func (p *Peer) Insert(i int, id, source string) {
	p.env.T.Helper()
	p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
		doc.Array("cells").Insert(tx, i, yjs.MapOf(
			yjs.Entry{Key: "source", Value: yjs.TextOf(source)},
			yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
			yjs.Entry{Key: "cell_type", Value: "code"},
			yjs.Entry{Key: "id", Value: id},
			yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()},
			yjs.Entry{Key: "execution_count", Value: nil},
		))
	})
}

// Delete removes n cells from position i on.
func (p *Peer) Delete(i, n int) {
	p.env.T.Helper()
	p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) { doc.Array("cells").Delete(tx, i, n) })
}

// Doc gives the document of a peer whose connection has ended to the next one.
func (p *Peer) Doc() *yjs.Doc {
	<-p.left
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doc
}

// Read calls f with the document, under the peer's lock.
func (p *Peer) Read(f func(doc *yjs.Doc)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p.doc)
}

// Sources lists the cells as id:source, in order.
func (p *Peer) Sources() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sources()
}

func (p *Peer) sources() []string {
	var list []string
	p.doc.Array("cells").Range(func(_ int, v any) bool {
		if cell, ok := v.(*yjs.Map); ok {
			id, _ := cell.Get("id")
			source, _ := cell.Get("source")
			if text, ok := source.(*yjs.Text); ok {
				list = append(list, fmt.Sprintf("%v:%s", id, text))
			}
		}
		return true
	})
	return list
}

// AwaitSources waits until the cells are as Sources would list them.
func (p *Peer) AwaitSources(want ...string) {
	p.env.T.Helper()
	p.Await(fmt.Sprintf("cells are %q", want), func() bool {
		return fmt.Sprint(p.sources()) == fmt.Sprint(want)
	})
}

// Value returns a key of a root map, as plain values.
func (p *Peer) Value(root, key string) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.value(root, key)
}

func (p *Peer) value(root, key string) any {
	v, _ := p.doc.Map(root).Get(key)
	return v
}

// AwaitValue waits until a key of a root map, or with a dot a field in it, has a
// value.
func (p *Peer) AwaitValue(root, key, field string, want any) {
	p.env.T.Helper()
	p.Await(fmt.Sprintf("%s.%s.%s is %v", root, key, field, want), func() bool {
		v := p.value(root, key)
		if object, ok := v.(map[string]any); ok && field != "" {
			v = object[field]
		}
		return fmt.Sprint(v) == fmt.Sprint(want)
	})
}

func (p *Peer) source(id string) *yjs.Text {
	var found *yjs.Text
	p.doc.Array("cells").Range(func(_ int, v any) bool {
		cell, ok := v.(*yjs.Map)
		if !ok {
			return true
		}
		if got, _ := cell.Get("id"); got == id {
			source, _ := cell.Get("source")
			found, _ = source.(*yjs.Text)
		}
		return found == nil
	})
	return found
}

func (p *Peer) text(cell string) string {
	if t := p.source(cell); t != nil {
		return t.String()
	}
	return ""
}

// Has tells whether a cell has a key; for conditions of Await.
func (p *Peer) Has(id, key string) bool {
	found := false
	p.doc.Array("cells").Range(func(_ int, v any) bool {
		if cell, ok := v.(*yjs.Map); ok {
			if got, _ := cell.Get("id"); got == id {
				_, found = cell.Get(key)
			}
		}
		return !found
	})
	return found
}

// Knows tells whether the peer knows a client's presence; for conditions of
// Await.
func (p *Peer) Knows(client uint64) bool {
	_, _, ok := p.others.State(client)
	return ok
}

// Sees is Knows for everybody else.
func (p *Peer) Sees(client uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Knows(client)
}

// Presence returns what a client says of itself, as JSON.
func (p *Peer) Presence(client uint64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	state, _, _ := p.others.State(client)
	return string(state)
}

// Events returns the events so far; for use within Read and Await.
func (p *Peer) Events() []map[string]any { return p.events }

// RootValue is Value for conditions of Await.
func (p *Peer) RootValue(root, key string) any { return p.value(root, key) }

// Synced tells whether the first answer has come; for conditions of Await.
func (p *Peer) Synced() bool { return p.synced }

// Source returns a cell's source.
func (p *Peer) Source(cell string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text(cell)
}

// TypeOne puts one character before a cell's source, with as little work as a
// client can have with it.
func (p *Peer) TypeOne(cell string) {
	p.Edit(func(_ *yjs.Doc, tx *yjs.Txn) {
		if p.typing == nil {
			p.typing = p.source(cell)
		}
		p.typing.Insert(tx, 1, "x")
	})
}
