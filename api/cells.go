package api

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/notebook"
)

// cellIDs are the characters of a cell's id in nbformat 4.5.
const cellIDs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (s *server) routeCells(mux *chi.Mux) {
	mux.Get("/api/v1/rooms/{room}/cells", s.inRoom(s.listCells))
	mux.Post("/api/v1/rooms/{room}/cells", s.inRoom(s.insertCell))
	mux.Get("/api/v1/rooms/{room}/cells/{cell}", s.inRoom(s.getCell))
	mux.Patch("/api/v1/rooms/{room}/cells/{cell}", s.inRoom(s.patchCell))
	mux.Delete("/api/v1/rooms/{room}/cells/{cell}", s.inRoom(s.deleteCell))
	mux.Post("/api/v1/rooms/{room}/cells/{cell}/move", s.inRoom(s.moveCell))
}

func (s *server) listCells(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	outputs, err := boolean(r, "outputs", true)
	if err != nil {
		return err
	}
	list, err := s.hub.Cells(r.Context(), room)
	if err != nil {
		return err
	}
	if unchanged(w, r, list.ETag) {
		return nil
	}
	cells := each(list.Cells, presentCell)
	for i := range cells {
		if !outputs {
			cells[i].Outputs = nil
		}
	}
	return writeJSON(w, r, http.StatusOK, CellList{Cells: cells, Etag: list.ETag})
}

func (s *server) insertCell(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[CellInsert](w, r, maxCell)
	if err != nil {
		return err
	}
	cell, at, err := req.cell()
	if err != nil {
		return err
	}
	made, err := s.hub.InsertCell(r.Context(), room, cell, at, by(r))
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.roomURL(room)+"/cells/"+url.PathEscape(made.ID))
	return writeCell(w, r, http.StatusCreated, made)
}

// cell returns what is to be inserted, and where.
func (c CellInsert) cell() (notebook.Cell, hub.Place, error) {
	if c.ID != nil && (len(*c.ID) > 64 || !only(*c.ID, cellIDs)) {
		return notebook.Cell{}, hub.Place{}, badField("id", "has 1 to 64 letters, digits, - or _")
	}
	at, err := placeOf(c.Index, c.Before, c.After)
	cell := notebook.Cell{ID: value(c.ID), Type: string(CellTypeCode), Source: value(c.Source), Metadata: map[string]any{}}
	if c.CellType != nil {
		cell.Type = string(*c.CellType)
	}
	if c.Metadata != nil {
		cell.Metadata = *c.Metadata
	}
	if c.Attachments != nil {
		cell.Attachments = *c.Attachments
	}
	return cell, at, err
}

// placeOf reads where a cell goes. At most one of the three may be set.
func placeOf(index *int, before, after *string) (hub.Place, error) {
	given := 0
	for _, set := range []bool{index != nil, before != nil, after != nil} {
		if set {
			given++
		}
	}
	switch {
	case given > 1:
		return hub.Place{}, edge(hub.CodeInvalid, "only one of index, before and after may be set")
	case index != nil && *index < 0:
		return hub.Place{}, badField("index", "may not be negative")
	case before != nil && *before == "":
		return hub.Place{}, badField("before", "may not be empty")
	case after != nil && *after == "":
		return hub.Place{}, badField("after", "may not be empty")
	}
	return hub.Place{Index: index, Before: value(before), After: value(after)}, nil
}

func (s *server) getCell(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	cell, err := s.hub.Cell(r.Context(), room, param(r, "cell"))
	if err != nil {
		return err
	}
	if unchanged(w, r, cell.ETag) {
		return nil
	}
	return writeCell(w, r, http.StatusOK, cell)
}

func writeCell(w http.ResponseWriter, r *http.Request, status int, cell hub.CellState) error {
	w.Header().Set("ETag", cell.ETag)
	return writeJSON(w, r, status, presentCell(cell))
}

func (s *server) patchCell(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	match, err := ifMatch(r)
	if err != nil {
		return err
	}
	req, err := decode[CellPatch](w, r, maxCell)
	if err != nil {
		return err
	}
	patch := hub.CellPatch{
		Type: (*string)(req.CellType), Source: req.Source, IfMatch: match,
		Metadata: (*map[string]any)(req.Metadata), Attachments: (*map[string]any)(req.Attachments),
	}
	cell, err := s.hub.PatchCell(r.Context(), room, param(r, "cell"), patch, by(r))
	if err != nil {
		return err
	}
	return writeCell(w, r, http.StatusOK, cell)
}

func (s *server) deleteCell(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	match, err := ifMatch(r)
	if err != nil {
		return err
	}
	if err := s.hub.DeleteCell(r.Context(), room, param(r, "cell"), match, by(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) moveCell(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[CellMove](w, r, maxBody)
	if err != nil {
		return err
	}
	to, err := placeOf(req.Index, req.Before, req.After)
	if err != nil {
		return err
	}
	cell, err := s.hub.MoveCell(r.Context(), room, param(r, "cell"), to, by(r))
	if err != nil {
		return err
	}
	return writeCell(w, r, http.StatusOK, cell)
}
