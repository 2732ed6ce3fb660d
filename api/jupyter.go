package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

func (s *server) routeJupyter(mux *chi.Mux) {
	mux.Get("/api/me", s.handle(s.jupyterMe))
	mux.Get("/api/contents/*", s.handle(s.jupyterContents))
	mux.Put("/api/collaboration/session/*", s.handle(s.jupyterSession))
	mux.Get("/api/collaboration/room/{document}", s.handle(s.jupyterRoom))
	mux.Post("/api/kernels/{kernel}/execute", s.handle(s.jupyterExecute))
	mux.Get("/api/events/subscribe", s.handle(s.jupyterEvents))
}

func (s *server) jupyterMe(w http.ResponseWriter, r *http.Request) error {
	c := by(r)
	return writeJSON(w, r, http.StatusOK, JupyterMe{
		Identity:    JupyterIdentity{Username: c.ID, Name: c.Name, DisplayName: c.Name},
		Permissions: JSONObject{},
	})
}

// jupyterSession opens a notebook and names its room and its lineage, which
// the front end keeps for as long as it lives. The body's content type is not
// looked at: some front ends send JSON as text/plain.
func (s *server) jupyterSession(w http.ResponseWriter, r *http.Request) error {
	p, err := pathOf(r)
	if err != nil {
		return err
	}
	data, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	var req struct{ Format, Type string }
	if json.Unmarshal(data, &req) != nil || req.Format != "json" || req.Type != "notebook" {
		return edge(codeBadJSON, `the body must be {"format": "json", "type": "notebook"}`)
	}
	opened, err := s.hub.Open(r.Context(), hub.OpenRequest{Path: p, By: by(r)})
	if err != nil {
		return err
	}
	note(r).room = opened.Room.ID.String()
	status := http.StatusOK
	if opened.Opened {
		status = http.StatusCreated
	}
	return writeJSON(w, r, status, JupyterSession{
		Format: "json", Type: "notebook", FileID: opened.Room.ID, SessionID: opened.Room.Lineage,
	})
}

// jupyterRoom is the room socket of Jupyter's front ends, which look for close
// codes rather than for HTTP answers.
func (s *server) jupyterRoom(w http.ResponseWriter, r *http.Request) error {
	if err := checkUpgrade(r); err != nil {
		return err
	}
	name := param(r, "document")
	if name == globalAwareness {
		return s.joinLobby(w, r)
	}
	room, document := documentRoom(name)
	switch {
	case !document:
		return edge(hub.CodeRoomNotFound, "there is no room %q", name)
	case room == uuid.Nil:
		return s.refuse(w, r, uuid.Nil, edge(hub.CodeRoomNotFound, "there is no room %q", name))
	}
	note(r).room = room.String()
	j := s.join(w, r, room)
	if j.sock != nil || j.err == nil {
		return nil
	}
	return s.refuse(w, r, room, j.err)
}

// documentRoom reads the name that Jupyter gives to a notebook's room. The id
// is uuid.Nil when it is none of ours.
func documentRoom(name string) (id uuid.UUID, ok bool) {
	file, ok := strings.CutPrefix(name, "json:notebook:")
	if ok {
		id, _ = parseID(file)
	}
	return id, ok
}

// jupyterEvents is Jupyter's event bus: the front end wants it to be there.
// Nothing that the hub has to tell belongs on it.
func (s *server) jupyterEvents(w http.ResponseWriter, r *http.Request) error {
	if err := checkUpgrade(r); err != nil {
		return err
	}
	sock, err := s.upgrade(w, r)
	if err != nil {
		return nil // the library has answered
	}
	ctx := sock.deaf(r.Context())
	for seen := s.hub.LastEvent(); err == nil; {
		var events []hub.Event
		if events, err = s.hub.Events(ctx, uuid.Nil, seen); len(events) > 0 {
			seen = events[len(events)-1].Seq
		}
	}
	_ = sock.Close(hub.CloseRestart, "the hub is going down") // the client may be gone
	return nil
}

// jupyterContents is Jupyter's model of a notebook or a folder.
func (s *server) jupyterContents(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	for _, name := range []string{"content", "hash"} {
		if v := q.Get(name); v != "" && v != "0" && v != "1" {
			return edge(codeBadJSON, "%s must be 0 or 1", name)
		}
	}
	p := param(r, "*")
	entry, err := s.entry(r.Context(), p)
	if err != nil {
		return err
	}
	content := q.Get("content") != "0"
	if entry.Dir {
		return s.directoryModel(w, r, entry, content)
	}
	return s.notebookModel(w, r, entry, content, q.Get("hash") == "1")
}

// entry finds a path in the listing of its folder.
func (s *server) entry(ctx context.Context, p string) (hub.Entry, error) {
	if p == "" {
		_, err := s.hub.List(ctx, "", false)
		return hub.Entry{Dir: true, Modified: time.Unix(0, 0)}, err
	}
	dir := path.Dir(p)
	if dir == "." {
		dir = ""
	}
	list, err := s.hub.List(ctx, dir, false)
	if err != nil {
		return hub.Entry{}, err
	}
	for _, e := range list.Entries {
		if e.Path == p {
			return e, nil
		}
	}
	return hub.Entry{}, edge(hub.CodeNotFound, "there is no %q", p)
}

func contentsOf(e hub.Entry) JupyterContents {
	model := JupyterContents{
		Name: path.Base(e.Path), Path: e.Path, Type: JupyterContentsTypeNotebook, Writable: true,
		Created: e.Modified.UTC(), LastModified: e.Modified.UTC(),
	}
	switch {
	case e.Dir && e.Path == "":
		model.Name, model.Type = "", JupyterContentsTypeDirectory
	case e.Dir:
		model.Type = JupyterContentsTypeDirectory
	default:
		model.Size = &e.Size
	}
	return model
}

func (s *server) directoryModel(w http.ResponseWriter, r *http.Request, e hub.Entry, content bool) error {
	model := contentsOf(e)
	if content {
		list, err := s.hub.List(r.Context(), e.Path, false)
		if err != nil {
			return err
		}
		format := JupyterContentsFormatJSON
		model.Format, model.Content = &format, each(list.Entries, contentsOf)
	}
	return writeJSON(w, r, http.StatusOK, model)
}

// notebookModel tells about a notebook, what it holds and the hash of its file.
// In an open room that is the hash that the document's state holds too:
// Jupyter's front end takes any difference between the two for a change behind
// its back.
func (s *server) notebookModel(w http.ResponseWriter, r *http.Request, e hub.Entry, content, hash bool) error {
	model := contentsOf(e)
	if !content && !hash {
		return writeJSON(w, r, http.StatusOK, model)
	}
	doc, err := s.hub.ReadFile(r.Context(), e.Path)
	if err != nil {
		return err
	}
	if hash {
		sum := sha256.Sum256(doc.Data)
		text, algorithm := hex.EncodeToString(sum[:]), "sha256"
		if e.Room != nil && e.Room.Saved != nil {
			text = e.Room.Saved.SHA256
		}
		model.Hash, model.HashAlgorithm = &text, &algorithm
	}
	if !content {
		return writeJSON(w, r, http.StatusOK, model)
	}
	format := JupyterContentsFormatJSON
	model.Format = &format
	// Put in as it is: notebooks may hold the NaN that encoding/json refuses.
	body := bytes.Replace(encode(model), []byte(`"content":null`), append([]byte(`"content":`), doc.Data...), 1)
	writeBody(w, r, http.StatusOK, "application/json", body)
	return nil
}
