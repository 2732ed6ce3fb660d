package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/notebookhub/hub/hub"
)

// wrong is a value of another type than a schema's.
func wrong(s *openapi3.Schema) []any {
	switch {
	case s.Type.Is("string") && len(s.Enum) > 0:
		return []any{1, "nonsense", true}
	case s.Type.Is("string") && s.Format == "uuid":
		return []any{1, "nonsense"}
	case s.Type.Is("string") && s.Format == "byte":
		return []any{1, "%%%"}
	case s.Type.Is("string"):
		return []any{1, true, []any{}, map[string]any{}}
	case s.Type.Is("integer"):
		return []any{"1", 1.5, true, -1, []any{}}
	case s.Type.Is("boolean"):
		return []any{"true", 1, []any{}}
	case s.Type.Is("array"):
		return []any{"x", map[string]any{}, []any{1}}
	case s.Type.Is("object"):
		return []any{"x", []any{}, 1}
	}
	return nil
}

// Every body that is checked, wrong in every way that the contract knows.
func TestBadInput_Bodies(t *testing.T) {
	t.Parallel() // beside what waits
	blank := strings.Repeat(" ", maxCell)
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	for _, r := range everyRoute {
		if !r.typed {
			continue
		}
		target := r.target("{room}", room.ID.String(), "{cell}", "first")
		send := func(body string, headers ...string) reply { return e.do(r.method(), target, body, headers...) }
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=latin1", "json", ""} {
			send(r.body, "Content-Type", kind).wantCode(415, codeMediaType)
		}
		for _, body := range []string{"{", `{"a": }`, "nothing", r.body + "x", "{}{}", "\xff", `{"a": "` + "\xff" + `"}`, "\x00", "NaN"} {
			send(body).wantCode(400, codeBadJSON)
		}
		for _, body := range []string{"[]", "null", `"x"`, "1", "true"} {
			send(body).wantCode(422, hub.CodeInvalid)
		}
		e.wantField(send(with(t, r.body, "surprise", 1)), "surprise")
		schema := r.op().op.RequestBody.Value.Content.Get("application/json").Schema.Value
		for name, field := range schema.Properties {
			e.wantField(send(with(t, r.body, strings.ToUpper(name), 1)), strings.ToUpper(name))
			e.wantField(send(with(t, r.body, name, nil)), name)
			for _, v := range wrong(field.Value) {
				e.wantField(send(with(t, r.body, name, v)), name)
			}
		}
		for _, name := range schema.Required {
			e.wantField(send(without(t, r.body, name)), name)
		}
		limit := maxBody
		if strings.HasSuffix(r.name, "/cells") || strings.HasSuffix(r.name, "{cell}") || strings.HasSuffix(r.name, "complete") || strings.HasSuffix(r.name, "inspect") {
			limit = maxCell
		}
		send(blank[:limit]+r.body).wantCode(413, hub.CodeTooLarge)
	}
	if got := e.sources(room); got != "first second" || e.disk("a.ipynb") != twoCells {
		t.Errorf("something was changed: %s", got)
	}
}

func (e *env) wantField(r reply, field string) {
	e.Helper()
	if p := r.wantCode(422, hub.CodeInvalid); value(p.Field) != field || !strings.Contains(p.Detail, field) {
		e.Errorf("%s: field %q, want %q: %s", r.what, value(p.Field), field, r.body)
	}
}

// with returns a JSON object with one field set, without with one taken away.
func with(t *testing.T, body, name string, v any) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatal(err)
	}
	object[name] = v
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func without(t *testing.T, body, name string) string {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		t.Fatal(err)
	}
	delete(object, name)
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Queries and headers that mean nothing.
func TestBadInput_QueriesAndHeaders(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	for _, path := range []string{
		"/api/v1/notebooks?recursive=yes", "/api/v1/notebooks?recursive=", "/api/v1/rooms?untitled=2",
		"/api/v1/notebooks/a.ipynb?download=please", roomPath(room.ID, "/notebook?download=TRUE"),
		roomPath(room.ID, "/cells?outputs=none"), roomPath(room.ID, "/kernel/history?n=0"),
		roomPath(room.ID, "/kernel/history?n=x"), roomPath(room.ID, "/kernel/history?n=10001"),
	} {
		e.do("GET", path, nil).wantCode(422, hub.CodeInvalid)
	}
	for _, tag := range []string{"unquoted", `"a", "b"`, `"half`, `"a"b"`, `""x`} {
		e.wantField(e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells, "If-Match", tag), "If-Match")
		e.wantField(e.do("PUT", roomPath(room.ID, "/notebook"), twoCells, "If-Match", tag), "If-Match")
		e.wantField(e.do("POST", roomPath(room.ID, "/save"), nil, "If-Match", tag), "If-Match")
		e.wantField(e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{}, "If-Match", tag), "If-Match")
		e.wantField(e.do("DELETE", roomPath(room.ID, "/cells/first"), nil, "If-Match", tag), "If-Match")
	}
	e.wantField(e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells, "If-None-Match", `"x"`), "If-None-Match")
	for _, kind := range []string{"text/plain", "application/octet-stream", ""} {
		e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells, "Content-Type", kind).wantCode(415, codeMediaType)
		e.do("PUT", roomPath(room.ID, "/notebook"), twoCells, "Content-Type", kind).wantCode(415, codeMediaType)
	}
	e.do("PUT", "/api/v1/notebooks/.hidden.ipynb", twoCells).wantCode(404, hub.CodeNotFound)
	e.do("PUT", "/api/v1/notebooks/a.txt", twoCells).wantCode(422, hub.CodeInvalidPath)
}

// Values that are of the right type and mean nothing.
func TestBadInput_Values(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	cells := roomPath(room.ID, "/cells")
	for _, c := range []struct{ method, path, body, field string }{
		{"POST", "/api/v1/rooms", `{"path": ""}`, "path"},
		{"POST", "/api/v1/rooms", `{"create": true}`, "path"},
		{"POST", roomPath(room.ID, "/save"), `{"path": ""}`, "path"},
		{"POST", roomPath(room.ID, "/rename"), `{"path": ""}`, "path"},
		{"POST", cells, `{"id": ""}`, "id"},
		{"POST", cells, `{"id": "a b"}`, "id"},
		{"POST", cells, `{"id": "` + strings.Repeat("x", 65) + `"}`, "id"},
		{"POST", cells, `{"before": ""}`, "before"},
		{"POST", cells + "/first/move", `{"after": ""}`, "after"},
		{"PUT", roomPath(room.ID, "/kernel"), `{"name": ""}`, "name"},
		{"POST", roomPath(room.ID, "/kernel/inspect"), `{"code": "", "cursor": 0, "detail": 2}`, "detail"},
	} {
		e.wantField(e.do(c.method, c.path, c.body), c.field)
	}
	for _, body := range []string{`{"index": 0, "before": "first"}`, `{"before": "first", "after": "first"}`, `{"index": 99}`} {
		e.do("POST", cells, body).wantCode(422, hub.CodeInvalid)
		e.do("POST", cells+"/second/move", body).wantCode(422, hub.CodeInvalid)
	}
	for _, path := range []string{"a.txt", "a", "dir/", strings.Repeat("x", 300) + ".ipynb", "nul\x00.ipynb"} {
		for _, to := range []string{"/save", "/rename"} {
			if r := e.do("POST", roomPath(room.ID, to), map[string]any{"path": path}); r.status != 422 {
				t.Errorf("%s to %q: %d", to, path, r.status)
			}
		}
		e.do("POST", "/api/v1/rooms", map[string]any{"path": path}).wantCode(422, hub.CodeInvalidPath)
	}
}

// Large files and folders are told apart from notebooks before they are read.
func TestBadInput_LargeFiles(t *testing.T) {
	e := newEnv(t)
	e.file("large.ipynb", fmt.Sprintf(`{"cells": [], "metadata": {"x": %q}, "nbformat": 4, "nbformat_minor": 5}`, strings.Repeat("x", 1<<20)))
	e.do("GET", "/api/v1/notebooks/large.ipynb", nil).wantCode(413, hub.CodeTooLarge)
	e.do("POST", "/api/v1/rooms", map[string]any{"path": "large.ipynb"}).wantCode(413, hub.CodeTooLarge)
	e.do("PUT", "/api/collaboration/session/large.ipynb", sessionBody).wantCode(413, hub.CodeTooLarge)
}
