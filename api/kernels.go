package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// maxWait is the longest that a request may wait for an execution.
const maxWait = 5 * time.Minute

func (s *server) routeKernels(mux *chi.Mux) {
	mux.Get("/api/v1/kernelspecs", s.handle(s.listKernelSpecs))
	mux.Post("/api/v1/rooms/{room}/executions", s.inRoom(s.execute))
	mux.Get("/api/v1/executions/{execution}", s.handle(s.getExecution))
	mux.Delete("/api/v1/executions/{execution}", s.handle(s.cancelExecution))
	mux.Get("/api/v1/rooms/{room}/kernel", s.inRoom(s.getKernel))
	mux.Put("/api/v1/rooms/{room}/kernel", s.inRoom(s.setKernel))
	mux.Delete("/api/v1/rooms/{room}/kernel", s.inRoom(s.stopKernel))
	mux.Post("/api/v1/rooms/{room}/kernel/interrupt", s.inRoom(s.interruptKernel))
	mux.Post("/api/v1/rooms/{room}/kernel/restart", s.inRoom(s.restartKernel))
	mux.Post("/api/v1/rooms/{room}/kernel/complete", s.inRoom(s.complete))
	mux.Post("/api/v1/rooms/{room}/kernel/inspect", s.inRoom(s.inspect))
	mux.Get("/api/v1/rooms/{room}/kernel/history", s.inRoom(s.history))
	mux.Post("/api/v1/rooms/{room}/prompt", s.inRoom(s.answerPrompt))
}

func (s *server) listKernelSpecs(w http.ResponseWriter, r *http.Request) error {
	specs, err := s.hub.KernelSpecs(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, KernelSpecList{Kernelspecs: each(specs, presentSpec)})
}

func (s *server) execute(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[ExecuteRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	if all := value(req.All); all == (req.Cells != nil) {
		return edge(hub.CodeInvalid, "either cells or all must be set, and not both")
	}
	if req.Cells != nil && len(*req.Cells) == 0 {
		return badField("cells", "names no cell")
	}
	runs, err := s.hub.Execute(r.Context(), room, hub.ExecuteRequest{
		Cells: value(req.Cells), All: value(req.All), Seen: value(req.Seen), ContinueOnErr: value(req.ContinueOnError), By: by(r),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusAccepted, ExecutionList{Executions: each(runs, presentExecution)})
}

func executionOf(r *http.Request) (uuid.UUID, error) {
	text := param(r, "execution")
	id, ok := parseID(text)
	if !ok {
		return uuid.Nil, edge(hub.CodeNoExecution, "there is no execution %q", text)
	}
	return id, nil
}

func (s *server) getExecution(w http.ResponseWriter, r *http.Request) error {
	id, err := executionOf(r)
	if err != nil {
		return err
	}
	wait, err := waitOf(r)
	if err != nil {
		return err
	}
	run, err := s.hub.Execution(r.Context(), id, wait)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentExecution(run))
}

// waitOf reads ?wait=30s.
func waitOf(r *http.Request) (time.Duration, error) {
	q := r.URL.Query()
	if !q.Has("wait") {
		return 0, nil
	}
	text := q.Get("wait")
	wait, err := time.ParseDuration(text)
	digits := strings.TrimRight(text, "ms") // no fractions, signs, sums or other units
	if err != nil || len(digits) > 6 || !only(digits, "0123456789") || wait > maxWait {
		return 0, badField("wait", "must be a duration such as 500ms, 30s or 5m, and at most 5m")
	}
	return wait, nil
}

func (s *server) cancelExecution(w http.ResponseWriter, r *http.Request) error {
	id, err := executionOf(r)
	if err != nil {
		return err
	}
	run, err := s.hub.CancelExecution(r.Context(), id, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentExecution(run))
}

func (s *server) getKernel(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	info, err := s.hub.Room(r.Context(), room)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentKernel(info.Kernel))
}

func (s *server) setKernel(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[KernelRequest](w, r, maxBody)
	if err != nil {
		return err
	}
	if req.Name == "" {
		return badField("name", "may not be empty")
	}
	info, err := s.hub.SetKernel(r.Context(), room, req.Name, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentKernel(info))
}

func (s *server) stopKernel(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	info, err := s.hub.StopKernel(r.Context(), room, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentKernel(info))
}

func (s *server) interruptKernel(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if err := nothing(w, r); err != nil {
		return err
	}
	if err := s.hub.InterruptKernel(r.Context(), room, by(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) restartKernel(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if err := nothing(w, r); err != nil {
		return err
	}
	info, err := s.hub.RestartKernel(r.Context(), room, by(r))
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, presentKernel(info))
}

func (s *server) complete(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[CompleteRequest](w, r, maxCell)
	if err != nil {
		return err
	}
	if req.Cursor < 0 {
		return badField("cursor", "may not be negative")
	}
	reply, err := s.hub.Complete(r.Context(), room, req.Code, req.Cursor)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, KernelReply(finite(reply)))
}

func (s *server) inspect(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[InspectRequest](w, r, maxCell)
	if err != nil {
		return err
	}
	if req.Cursor < 0 {
		return badField("cursor", "may not be negative")
	}
	detail := value(req.Detail)
	if detail < 0 || detail > 1 {
		return badField("detail", "must be 0 or 1")
	}
	reply, err := s.hub.Inspect(r.Context(), room, req.Code, req.Cursor, detail)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, KernelReply(finite(reply)))
}

func (s *server) history(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	n, err := number(r, "n", 100, 1, 10000)
	if err != nil {
		return err
	}
	entries, err := s.hub.History(r.Context(), room, n)
	if err != nil {
		return err
	}
	return writeJSON(w, r, http.StatusOK, History{Entries: append([]string{}, entries...)})
}

func (s *server) answerPrompt(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	req, err := decode[PromptAnswer](w, r, maxBody)
	if err != nil {
		return err
	}
	if err := s.hub.AnswerPrompt(r.Context(), room, req.Execution, req.Value, by(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
