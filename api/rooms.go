package api

import (
	"context"
	"net/http"
	"path"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

func (s *server) routeRooms(mux *chi.Mux) {
	mux.Get("/api/v1/rooms", s.handle(s.listRooms))
	mux.Post("/api/v1/rooms", s.handle(s.openRoom))
	mux.Get("/api/v1/rooms/{room}", s.inRoom(s.getRoom))
	mux.Delete("/api/v1/rooms/{room}", s.inRoom(s.closeRoom))
	mux.Post("/api/v1/rooms/{room}/discard", s.inRoom(s.discardRoom))
	mux.Get("/api/v1/rooms/{room}/notebook", s.inRoom(s.getNotebook))
	mux.Put("/api/v1/rooms/{room}/notebook", s.inRoom(s.putNotebook))
	mux.Post("/api/v1/rooms/{room}/save", s.inRoom(s.saveRoom))
	mux.Post("/api/v1/rooms/{room}/rename", s.inRoom(s.renameRoom))
	mux.Get("/api/v1/rooms/{room}/disk", s.inRoom(s.getDisk))
	mux.Post("/api/v1/rooms/{room}/resolve", s.inRoom(s.resolveConflict))
	mux.Get("/api/v1/rooms/{room}/versions", s.inRoom(s.listVersions))
	mux.Post("/api/v1/rooms/{room}/versions", s.inRoom(s.keepVersion))
	mux.Get("/api/v1/rooms/{room}/versions/{version}", s.inRoom(s.getVersion))
	mux.Get("/api/v1/rooms/{room}/versions/{version}/diff", s.inRoom(s.diffVersion))
	mux.Post("/api/v1/rooms/{room}/versions/{version}/restore", s.inRoom(s.restoreVersion))
}

// roomHandler is a handler of a request about one room.
type roomHandler func(w http.ResponseWriter, r *http.Request, room uuid.UUID) error

func (s *server) inRoom(h roomHandler) http.HandlerFunc {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		room, err := roomOf(r)
		if err != nil {
			return err
		}
		return h(w, r, room)
	})
}

func (s *server) listRooms(w http.ResponseWriter, r *http.Request) error {
	atRest, err := boolean(r, "untitled", false)
	if err != nil {
		return err
	}
	rooms, err := s.hub.Rooms(r.Context(), atRest)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, RoomList{Rooms: each(rooms, presentRoom)})
}

func (s *server) openRoom(w http.ResponseWriter, r *http.Request) error {
	req, err := decode[OpenRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	if req.Path != nil && *req.Path == "" {
		return badField("path", "may not be empty; leave it out for an untitled notebook")
	}
	if req.Path == nil && value(req.Create) {
		return badField("path", "is missing: where should the notebook be created?")
	}
	opened, err := s.hub.Open(r.Context(), hub.OpenRequest{
		Path: value(req.Path), Create: value(req.Create), Kernel: value(req.Kernel), By: by(r),
	})
	if err != nil {
		return err
	}
	note(r).room = opened.Room.ID.String()
	w.Header().Set("Location", s.roomURL(opened.Room.ID))
	status := http.StatusOK
	if opened.Opened {
		status = http.StatusCreated
	}
	return writeJSON(w, r, status, presentRoom(opened.Room))
}

func (s *server) getRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	info, err := s.hub.Room(r.Context(), room)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentRoom(info))
}

func (s *server) closeRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	saved, err := s.hub.CloseRoom(r.Context(), room, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentSave(saved))
}

func (s *server) discardRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	kept, err := s.hub.Discard(r.Context(), room, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentTrash(kept))
}

func (s *server) getNotebook(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	doc, err := s.hub.Notebook(r.Context(), room)
	if err != nil {
		return err
	}
	return writeNotebook(w, r, doc, s.fileName(r.Context(), room))
}

// fileName is what a download of a room is called.
func (s *server) fileName(ctx context.Context, room uuid.UUID) string {
	if info, err := s.hub.Room(ctx, room); err == nil && info.Path != "" {
		return path.Base(info.Path)
	}
	return "Untitled.ipynb"
}

func (s *server) putNotebook(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	match, err := ifMatch(r)
	if err != nil {
		return err
	}
	data, err := s.notebookBody(w, r)
	if err != nil {
		return err
	}
	tag, err := s.hub.PutNotebook(r.Context(), room, data, match, by(r))
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) saveRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	match, err := ifMatch(r)
	if err != nil {
		return err
	}
	req, err := decode[SaveRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	if req.Path != nil && *req.Path == "" {
		return badField("path", "may not be empty; leave it out for the room's own path")
	}
	saved, err := s.hub.Save(r.Context(), room, hub.SaveRequest{
		Path: value(req.Path), Overwrite: value(req.Overwrite), Recreate: value(req.Recreate), IfMatch: match, By: by(r),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentSave(saved))
}

func (s *server) renameRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[RenameRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	if req.Path == "" {
		return badField("path", "may not be empty")
	}
	saved, err := s.hub.Rename(r.Context(), room, req.Path, by(r))
	if err != nil {
		return inTheWay(err, "path")
	}
	return writeJSON(w, r, http.StatusOK, presentSave(saved))
}
