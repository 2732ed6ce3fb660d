package hub

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

// parse reads an .ipynb that somebody brings, within the hub's limits. ids are
// those of its cells, as far as they were given any.
func (h *Hub) parse(data []byte, ids []string) (*form, error) {
	return h.parseWith(data, notebook.ParseOptions{IDs: ids, MaxText: int(h.options.MaxText)})
}

// parseOwn reads bytes that the hub wrote or kept: what was taken in once is
// never refused later.
func (h *Hub) parseOwn(data []byte, ids []string) (*form, error) {
	return h.parseWith(data, notebook.ParseOptions{IDs: ids, MaxText: -1})
}

// parseAfter reads a file that somebody else changed: cells without ids of
// their own keep those that they had, known by their content. own is how
// large it may be in any case.
func (h *Hub) parseAfter(data []byte, prior []notebook.Cell, own int) (*form, error) {
	return h.parseWith(data, notebook.ParseOptions{Prior: prior, MaxText: max(int(h.options.MaxText), own)})
}

func (h *Hub) parseWith(data []byte, o notebook.ParseOptions) (*form, error) {
	o.MintID = newCellID
	file, err := notebook.Parse(data, o)
	if err != nil {
		return nil, notebookError(err)
	}
	return formOf(file, h.blobs)
}

// notebookError codes what is wrong with a file's bytes.
func notebookError(err error) error {
	var format *notebook.FormatError
	if !errors.As(err, &format) {
		return fail(CodeBadNotebook, err, "this is no notebook")
	}
	code := CodeBadNotebook
	switch format.Code {
	case notebook.CodeUnsupported:
		code = CodeUnsupported
	case notebook.CodeTooMuchText, notebook.CodeTooManyValues:
		code = CodeTooLarge
	}
	return fail(code, nil, "%s", format.Error())
}

// newCellID mints an id as nbformat 4.5 wants them.
func newCellID() string {
	id := uuid.New()
	return fmt.Sprintf("%x", id[:6])
}
