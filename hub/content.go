package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

func mayWrite(by Client) error {
	if by.ReadOnly {
		return fail(CodeReadOnly, nil, "this login may look, not change")
	}
	return nil
}

// view is the document at one moment, to be encoded outside of the room.
type view struct {
	content  *notebook.Notebook
	form     *form
	revision uint64
}

func (r *room) view(ctx context.Context) (v view, err error) {
	err = r.do(ctx, func(s *state) { v = s.view() })
	return v, err
}

func (s *state) view() view {
	return view{content: s.doc.Notebook(), form: s.form, revision: s.doc.Revision()}
}

// document encodes a view as a file of nbformat 4, whatever the room's file is.
func (v view) document() (Document, error) {
	data, err := v.form.Standalone(v.content)
	if err != nil {
		return Document{}, fail(CodeInternal, err, "the notebook could not be encoded")
	}
	return documentOf(data), nil
}

func documentOf(data []byte) Document { return Document{Data: data, ETag: etagOf(data)} }

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// matches tells whether an If-Match header names an ETag.
func matches(ifMatch, etag string) bool {
	if strings.TrimSpace(ifMatch) == "*" {
		return true
	}
	for _, one := range strings.Split(ifMatch, ",") {
		if strings.TrimSpace(one) == etag {
			return true
		}
	}
	return false
}

func stale(what string) error {
	return fail(CodeStale, nil, "%s changed since you read it; read it again and repeat the edit", what)
}

// Notebook returns the live document as .ipynb.
func (h *Hub) Notebook(ctx context.Context, id uuid.UUID) (Document, error) {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return Document{}, err
	}
	defer l.release()
	return l.notebook(ctx)
}

func (r *room) notebook(ctx context.Context) (Document, error) {
	v, err := r.view(ctx)
	if err != nil {
		return Document{}, err
	}
	return v.document()
}

func (r *room) mustMatch(ctx context.Context, ifMatch string) error {
	doc, err := r.notebook(ctx)
	if err == nil && !matches(ifMatch, doc.ETag) {
		err = stale("the notebook")
	}
	return err
}

// PutNotebook brings the document to data by minimal edits, so that cursors and
// what others type elsewhere stay, and returns the new ETag once the edits are
// on disk. Without ifMatch the former state is kept as a version.
func (h *Hub) PutNotebook(ctx context.Context, id uuid.UUID, data []byte, ifMatch string, by Client) (string, error) {
	if err := mayWrite(by); err != nil {
		return "", err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return "", err
	}
	defer l.release()
	return l.put(ctx, data, ifMatch, by)
}

// parseSent reads a whole notebook that is to take the place of prior.
func (h *Hub) parseSent(data []byte, prior []notebook.Cell) (*form, error) {
	if int64(len(data)) > h.options.MaxNotebook {
		return nil, fail(CodeTooLarge, nil, "a notebook has at most %d bytes here (--max-notebook)", h.options.MaxNotebook)
	}
	return h.parseAfter(data, prior, 0)
}

// put replaces the content. The comparison with ifMatch is made outside of the
// room; what changes between it and the edit makes the request stale. Without
// ifMatch the former state is kept first, and what was typed meanwhile after it.
func (r *room) put(ctx context.Context, data []byte, ifMatch string, by Client) (string, error) {
	compared, err := r.view(ctx)
	if err != nil {
		return "", err
	}
	form, err := r.hub.parseSent(data, compared.content.Cells)
	if err != nil {
		return "", err
	}
	switch {
	case ifMatch != "":
		err = compared.mustMatch(ifMatch)
	case !notebook.Equal(compared.content, form.Notebook()):
		err = r.keepView(versionOverwrite, by.Name, compared)
	}
	if err != nil {
		return "", err
	}
	var before, after view
	err = r.edit(ctx, func(s *state) (nbdoc.Event, error) {
		if ifMatch != "" && strings.TrimSpace(ifMatch) != "*" && s.doc.Revision() != compared.revision {
			return nbdoc.Event{}, stale("the notebook")
		}
		before = s.view()
		ev, err := s.doc.Replace(form.Notebook())
		after = s.view()
		return ev, err
	})
	if err == nil && ifMatch == "" && before.revision != compared.revision && before.revision != after.revision {
		err = r.keepView(versionOverwrite, by.Name, before)
	}
	if err != nil {
		return "", err
	}
	doc, err := after.document()
	return doc.ETag, err
}

// mustMatch refuses a condition that the content does not meet.
func (v view) mustMatch(ifMatch string) error {
	doc, err := v.document()
	if err == nil && !matches(ifMatch, doc.ETag) {
		err = stale("the notebook")
	}
	return err
}

// edit has the room make an edit and returns when it is on disk. What f did
// before it failed is kept: it is in the document.
func (r *room) edit(ctx context.Context, f func(*state) (nbdoc.Event, error)) error {
	var seq uint64
	var failed error
	err := r.do(ctx, func(s *state) {
		var ev nbdoc.Event
		ev, failed = f(s)
		if seq = s.commit(ev, nil); seq == 0 {
			// What was there already may be from an edit that is not on disk yet.
			seq = s.durable.appended
		}
		s.h.stats.edits.Add(1)
	})
	if err = firstError(err, failed); err != nil {
		return editError(err)
	}
	return r.awaitDurable(ctx, seq)
}

// cellETag hashes what a cell is.
func cellETag(c notebook.Cell) string { return etagOf(notebook.AppendFingerprint(nil, c)) }
