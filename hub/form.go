package hub

import (
	"github.com/notebookhub/hub/hub/notebook"
)

// form is a file as the room sees it: its bytes, how it spells things, and its
// content in the shape that the shared document has, with large outputs in the
// store. It is immutable.
type form struct {
	file    *notebook.File
	content *notebook.Notebook
	blobs   blobs
}

// newForm is the form of a notebook that has no file yet.
func newForm(b blobs) *form {
	file := notebook.New()
	return &form{file: file, content: file.Notebook(), blobs: b}
}

// formOf moves the large outputs of a file into the store.
func formOf(file *notebook.File, b blobs) (*form, error) {
	content, err := b.deflate(file.Notebook())
	if err != nil {
		return nil, err
	}
	return &form{file: file, content: content, blobs: b}, nil
}

// Notebook is the content as the document holds it.
func (f *form) Notebook() *notebook.Notebook { return f.content }

// IDs are the ids of the cells, minted ones included.
func (f *form) IDs() []string { return f.file.IDs() }

// sources are the sources of the cells by id.
func (f *form) sources() map[string]string {
	all := make(map[string]string, len(f.content.Cells))
	for i, id := range f.IDs() {
		all[id] = f.content.Cells[i].Source
	}
	return all
}

// Upgraded tells that the file is of a format before 4, which is only written
// when somebody asks.
func (f *form) Upgraded() bool { return f.file.Upgraded() }

// Standalone spells a notebook as the file does, with all of its outputs, in
// nbformat 4 in any case.
func (f *form) Standalone(nb *notebook.Notebook) ([]byte, error) {
	whole, err := f.blobs.inflate(nb)
	if err != nil {
		return nil, err
	}
	return f.file.Standalone(whole)
}
