package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/notebookhub/hub/hub"
)

// Codes of what goes wrong at the edge, before the hub is asked. Together with
// the hub's own they are the Code of openapi.yaml.
const (
	codeBadJSON      hub.Code = "invalid_json"
	codeUnauthorized hub.Code = "unauthorized"
	codeForbidden    hub.Code = "forbidden"
	codeNoRoute      hub.Code = "route_not_found"
	codeMethod       hub.Code = "method_not_allowed"
	codeMediaType    hub.Code = "unsupported_media_type"
	codeUpgrade      hub.Code = "upgrade_required"
)

// statusOf is the one table from codes to HTTP.
func statusOf(code hub.Code) int {
	switch code {
	case codeBadJSON:
		return http.StatusBadRequest
	case codeUnauthorized:
		return http.StatusUnauthorized
	case codeForbidden, hub.CodePermission, hub.CodeReadOnly:
		return http.StatusForbidden
	case codeNoRoute, hub.CodeNotFound, hub.CodeRoomNotFound, hub.CodeCellNotFound, hub.CodeNoSuchVersion, hub.CodeNoExecution:
		return http.StatusNotFound
	case codeMethod:
		return http.StatusMethodNotAllowed
	case hub.CodeRoomClosed, hub.CodeLineage, hub.CodePathOpen, hub.CodeFileExists, hub.CodeConflict, hub.CodeMissing:
		return http.StatusConflict
	case hub.CodeRoomReplaced:
		return http.StatusGone
	case hub.CodeStale, hub.CodeDiskChanged:
		return http.StatusPreconditionFailed
	case hub.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeMediaType:
		return http.StatusUnsupportedMediaType
	case hub.CodeInvalid, hub.CodeInvalidPath, hub.CodeBadNotebook, hub.CodeUnsupported, hub.CodeNotAFile, hub.CodeNoKernel:
		return http.StatusUnprocessableEntity
	case codeUpgrade:
		return http.StatusUpgradeRequired
	case hub.CodeBusy:
		return http.StatusTooManyRequests
	case hub.CodeKernel:
		return http.StatusBadGateway
	case hub.CodeClosing:
		return http.StatusServiceUnavailable
	case hub.CodeDiskFull:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

func edge(code hub.Code, format string, args ...any) error {
	return &hub.Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func noRoute(r *http.Request) error {
	return edge(codeNoRoute, "nothing is served at %q", r.URL.Path)
}

// fieldError says which field of a request is wrong. It carries its cause's code.
type fieldError struct {
	field string
	cause *hub.Error
}

func (e *fieldError) Error() string { return e.field + ": " + e.cause.Error() }

func (e *fieldError) Unwrap() error { return e.cause }

func badField(field, format string, args ...any) error {
	detail := fmt.Sprintf(field+" "+format, args...)
	return &fieldError{field: field, cause: &hub.Error{Code: hub.CodeInvalid, Detail: detail}}
}

// inTheWay words the refusal of a request that, unlike a save, cannot replace the
// file that is there already: its field has to name another place.
func inTheWay(err error, field string) error {
	if hub.CodeOf(err) != hub.CodeFileExists {
		return err
	}
	detail := "another file is there already and is never replaced; name another place in " + field
	return &fieldError{field: field, cause: &hub.Error{Code: hub.CodeFileExists, Detail: detail, Err: err}}
}

// fail answers a request that could not be done, and notes why for the log. A
// client that has gone away gets nothing.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	note(r).err = err
	if r.Context().Err() != nil {
		return
	}
	p := s.problem(r, err)
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="notebook-hub"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusUpgradeRequired:
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
	}
	for _, name := range []string{"ETag", "Location", "Content-Disposition"} {
		w.Header().Del(name)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeBody(w, r, p.Status, "application/problem+json", encode(p))
}

func (s *server) problem(r *http.Request, err error) Problem {
	code := hub.CodeOf(err)
	status := statusOf(code)
	id := note(r).id
	p := Problem{
		Type: s.base + "/docs#code-" + string(code), Title: http.StatusText(status), Status: status,
		Code: Code(code), Detail: hub.DetailOf(err), Request: &id,
	}
	var field *fieldError
	if errors.As(err, &field) {
		p.Field = &field.field
	}
	var taken *hub.PathAlreadyOpenError
	if errors.As(err, &taken) {
		p.Room, p.Path = &taken.Room, &taken.Path
	}
	if isJupyter(r.URL.Path) {
		p.Message = &p.Detail
	}
	return p
}

// isJupyter tells Jupyter's own routes, whose clients read "message".
func isJupyter(path string) bool {
	return strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/api/v1/")
}
