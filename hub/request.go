package hub

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/yjs"
)

// request is a verb of the REST API for somebody who is already connected.
// Params are the body that the REST call has.
type request struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Path      string    `json:"path"`
		Overwrite bool      `json:"overwrite"`
		Recreate  bool      `json:"recreate"`
		Cells     []string  `json:"cells"`
		All       bool      `json:"all"`
		Seen      string    `json:"seen"` // base64 of a state vector
		Continue  bool      `json:"continue_on_error"`
		Execution uuid.UUID `json:"execution"`
		Value     string    `json:"value"`
		Code      string    `json:"code"`
		Cursor    int       `json:"cursor"` // in UTF-16 units
		Detail    int       `json:"detail"`
	} `json:"params"`
}

// request answers one request, beside the reader: a save or a kernel must not
// hold up this peer's edits. A peer with too many at work waits.
func (p *peer) request(payload []byte) {
	text, _, err := yjs.ReadVarString(payload)
	var req request
	if err == nil {
		err = json.Unmarshal([]byte(text), &req)
	}
	if err != nil {
		p.reply(req, nil, fail(CodeInvalid, nil, "a request is a JSON object with id and method"))
		return
	}
	select {
	case p.slots <- struct{}{}:
	case <-p.ctx.Done():
		return
	}
	p.requests.Go(func() {
		defer func() { <-p.slots }()
		// Once asked for, a save is made, although the asker hangs up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), requestLimit)
		defer cancel()
		result, err := p.room.hub.answer(ctx, p.room.id, p.opts.Client, req)
		p.reply(req, result, err)
	})
}

func (h *Hub) answer(ctx context.Context, room uuid.UUID, by Client, req request) (any, error) {
	q := req.Params
	switch req.Method {
	case "save":
		r, err := h.Save(ctx, room, SaveRequest{Path: q.Path, Overwrite: q.Overwrite, Recreate: q.Recreate, By: by})
		return savedJSON(r), err
	case "execute":
		seen, err := base64.StdEncoding.DecodeString(q.Seen)
		if err != nil {
			return nil, fail(CodeInvalid, nil, "seen is base64 of a state vector")
		}
		runs, err := h.Execute(ctx, room, ExecuteRequest{Cells: q.Cells, All: q.All, Seen: seen, ContinueOnErr: q.Continue, By: by})
		return map[string]any{"executions": executionsJSON(runs)}, err
	case "interrupt":
		return map[string]any{}, h.InterruptKernel(ctx, room, by)
	case "restart":
		info, err := h.RestartKernel(ctx, room, by)
		return kernelJSON(info), err
	case "answer":
		return map[string]any{}, h.AnswerPrompt(ctx, room, q.Execution, q.Value, by)
	case "complete", "inspect":
		return h.askKernel(ctx, room, req)
	}
	return nil, fail(CodeInvalid, nil, "there is no method %q; there are save, execute, interrupt, restart, answer, complete, inspect", req.Method)
}

// askKernel answers what an editor asks while somebody types.
func (h *Hub) askKernel(ctx context.Context, room uuid.UUID, req request) (any, error) {
	q := req.Params
	switch {
	case q.Cursor < 0:
		return nil, fail(CodeInvalid, nil, "cursor may not be negative")
	case q.Detail < 0 || q.Detail > 1:
		return nil, fail(CodeInvalid, nil, "detail must be 0 or 1")
	case req.Method == "complete":
		return h.Complete(ctx, room, q.Code, q.Cursor)
	}
	return h.Inspect(ctx, room, q.Code, q.Cursor, q.Detail)
}

func savedJSON(r SaveResult) map[string]any {
	return map[string]any{"path": r.Path, "rev": r.Rev, "sha256": r.SHA256, "time": r.Time.UTC(), "written": r.Written}
}

func executionsJSON(runs []Execution) []map[string]any {
	list := make([]map[string]any, len(runs))
	for i, x := range runs {
		list[i] = map[string]any{
			"id": x.ID, "room": x.Room, "cell": x.Cell, "by": x.By, "state": x.State,
			"queued": x.Queued.UTC(), "outputs": x.Outputs,
		}
	}
	return list
}

func (p *peer) reply(req request, result any, err error) {
	answer := map[string]any{"id": req.ID}
	if err != nil {
		answer["error"] = errorJSON(err)
	} else {
		answer["result"] = result
	}
	frame := jsonFrame(KindReply, answer)
	p.room.post(func(s *state) {
		if _, here := s.peers[p]; here {
			s.control(p, frame)
		}
	})
}

func errorJSON(err error) map[string]any {
	value := map[string]any{"code": string(CodeOf(err)), "detail": DetailOf(err)}
	var open *PathAlreadyOpenError
	if errors.As(err, &open) {
		value["room"], value["path"] = open.Room, open.Path
	}
	return value
}
