package api

import (
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// jupyterExecute queues cells and answers at once: "run all" is one request for
// each cell, and a browser has six connections. Which kernel runs them is the
// room's matter; the front end may have made up the id in the address.
func (s *server) jupyterExecute(w http.ResponseWriter, r *http.Request) error {
	data, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	document, cells, err := executeBody(data)
	if err != nil {
		return err
	}
	room, _ := documentRoom(document)
	if room == uuid.Nil {
		return edge(hub.CodeRoomNotFound, "there is no room %q", document)
	}
	note(r).room = room.String()
	runs, err := s.hub.Execute(r.Context(), room, hub.ExecuteRequest{Cells: cells, Gather: true, By: by(r)})
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, ExecutionList{Executions: each(runs, presentExecution)})
}

// executeBody reads both spellings of the request: one cell, or a list of them.
// Fields that it does not know are ignored, as Jupyter does.
func executeBody(data []byte) (document string, cells []string, err error) {
	var req JupyterExecuteRequest
	if json.Unmarshal(data, &req) != nil {
		return "", nil, edge(codeBadJSON, `the body must be {"document_id": "...", "cell_id": "..."}`)
	}
	if req.CellID != nil {
		cells = append(cells, *req.CellID)
	}
	for _, c := range value(req.Cells) {
		cells = append(cells, c.CellID)
	}
	if (req.CellID == nil) == (req.Cells == nil) || len(cells) == 0 || req.DocumentID == "" {
		return "", nil, edge(codeBadJSON, "document_id and either cell_id or cells must be set")
	}
	return req.DocumentID, cells, nil
}
