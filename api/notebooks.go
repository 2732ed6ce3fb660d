package api

import (
	"mime"
	"net/http"
	"path"

	"github.com/go-chi/chi/v5"

	"github.com/notebookhub/hub/hub"
)

const typeNotebook = "application/x-ipynb+json"

func (s *server) routeNotebooks(mux *chi.Mux) {
	mux.Get("/api/v1/notebooks", s.handle(s.listNotebooks))
	mux.Post("/api/v1/notebooks", s.handle(s.copyNotebook))
	mux.Get("/api/v1/notebooks/*", s.handle(s.readNotebook))
	mux.Put("/api/v1/notebooks/*", s.handle(s.writeNotebook))
	mux.Delete("/api/v1/notebooks/*", s.handle(s.deleteNotebook))
	mux.Get("/api/v1/files/*", s.handle(s.getFile))
	mux.Get("/api/v1/trash", s.handle(s.listTrash))
	mux.Post("/api/v1/trash", s.handle(s.restoreTrash))
}

func (s *server) listNotebooks(w http.ResponseWriter, r *http.Request) error {
	recursive, err := boolean(r, "recursive", false)
	if err != nil {
		return err
	}
	list, err := s.hub.List(r.Context(), r.URL.Query().Get("dir"), recursive)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentListing(list))
}

func (s *server) copyNotebook(w http.ResponseWriter, r *http.Request) error {
	req, err := decode[CopyRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	to, err := s.hub.CopyFile(r.Context(), req.From, value(req.To), by(r))
	if err != nil {
		return inTheWay(err, "to")
	}
	w.Header().Set("Location", s.notebookURL(to))
	return writeJSON(w, r, http.StatusCreated, PathResult{Path: to})
}

func (s *server) readNotebook(w http.ResponseWriter, r *http.Request) error {
	p, err := pathOf(r)
	if err != nil {
		return err
	}
	doc, err := s.hub.ReadFile(r.Context(), p)
	if err != nil {
		return err
	}
	return writeNotebook(w, r, doc, path.Base(p))
}

// writeNotebook answers with a notebook's bytes, as a file to be saved under
// name when ?download= asks for it.
func writeNotebook(w http.ResponseWriter, r *http.Request, doc hub.Document, name string) error {
	download, err := boolean(r, "download", false)
	if err != nil {
		return err
	}
	if unchanged(w, r, doc.ETag) {
		return nil
	}
	if download {
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
	writeBody(w, r, http.StatusOK, typeNotebook, doc.Data)
	return nil
}

func (s *server) writeNotebook(w http.ResponseWriter, r *http.Request) error {
	p, err := pathOf(r)
	if err != nil {
		return err
	}
	match, err := s.writeCondition(r, p)
	if err != nil {
		return err
	}
	data, err := s.notebookBody(w, r)
	if err != nil {
		return err
	}
	doc, created, err := s.hub.WriteFile(r.Context(), p, data, match, by(r))
	if err != nil {
		return err
	}
	w.Header().Set("ETag", doc.ETag)
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", s.notebookURL(p))
	}
	return writeJSON(w, r, status, PathResult{Path: p})
}

// writeCondition reads what a write of a path depends on: an ETag, that there
// is nothing, or (which the hub has no word for) that there is something.
func (s *server) writeCondition(r *http.Request, p string) (string, error) {
	fresh, err := mustNotExist(r)
	switch {
	case err != nil:
		return "", err
	case fresh:
		return hub.MustNotExist, nil
	case r.Header.Get("If-Match") != "*":
		return ifMatch(r)
	}
	if _, err = s.hub.ReadFile(r.Context(), p); hub.CodeOf(err) == hub.CodeNotFound {
		return "", edge(hub.CodeStale, "there is no %q to replace", p)
	}
	return "", nil
}

// notebookBody reads a whole notebook. What it holds is the hub's to judge.
func (s *server) notebookBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := wantType(r, "application/json", typeNotebook); err != nil {
		return nil, err
	}
	return readBody(w, r, s.MaxNotebook)
}

func (s *server) deleteNotebook(w http.ResponseWriter, r *http.Request) error {
	p, err := pathOf(r)
	if err != nil {
		return err
	}
	entry, err := s.hub.DeleteFile(r.Context(), p, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentTrash(entry))
}

func (s *server) listTrash(w http.ResponseWriter, r *http.Request) error {
	entries, err := s.hub.Trash(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, TrashList{Entries: each(entries, presentTrash)})
}

func (s *server) restoreTrash(w http.ResponseWriter, r *http.Request) error {
	req, err := decode[TrashRestoreRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	p, err := s.hub.RestoreTrash(r.Context(), req.ID, value(req.To), by(r))
	if err != nil {
		return inTheWay(err, "to")
	}
	w.Header().Set("Location", s.notebookURL(p))
	return writeJSON(w, r, http.StatusCreated, PathResult{Path: p})
}
