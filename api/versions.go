package api

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"
)

// getDisk shows the file's bytes as they are: as text, so that no browser takes
// them for anything else.
func (s *server) getDisk(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	doc, err := s.hub.Disk(r.Context(), room)
	if err != nil {
		return err
	}
	if !unchanged(w, r, doc.ETag) {
		writeBody(w, r, http.StatusOK, "text/plain; charset=utf-8", doc.Data)
	}
	return nil
}

func (s *server) resolveConflict(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[ResolveRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	info, err := s.hub.Resolve(r.Context(), room, string(req.Keep), by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentRoom(info))
}

func (s *server) listVersions(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	versions, err := s.hub.Versions(r.Context(), room)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, VersionList{Versions: each(versions, presentVersion)})
}

func (s *server) keepVersion(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if err := nothing(w, r); err != nil {
		return err
	}
	kept, err := s.hub.KeepVersion(r.Context(), room, by(r))
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.roomURL(room)+"/versions/"+url.PathEscape(kept.ID))
	return writeJSON(w, r, http.StatusCreated, presentVersion(kept))
}

func (s *server) getVersion(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	doc, err := s.hub.Version(r.Context(), room, param(r, "version"))
	if err != nil {
		return err
	}
	return writeNotebook(w, r, doc, s.fileName(r.Context(), room))
}

func (s *server) diffVersion(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	diff, err := s.hub.DiffVersion(r.Context(), room, param(r, "version"))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentDifference(diff))
}

func (s *server) restoreVersion(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if err := nothing(w, r); err != nil {
		return err
	}
	info, err := s.hub.RestoreVersion(r.Context(), room, param(r, "version"), by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentRoom(info))
}
