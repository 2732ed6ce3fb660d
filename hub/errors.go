package hub

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Code is the stable name of a kind of failure. Package api maps each code to
// one HTTP status, and openapi.yaml lists them; they never change meaning.
type Code string

// The codes, in the order in which a request can meet them.
const (
	CodeInvalid       Code = "invalid_request"      // the request cannot mean anything: a bad field, a bad index
	CodeInvalidPath   Code = "invalid_path"         // a path that no notebook can have: not .ipynb, NUL, too long
	CodeNotFound      Code = "notebook_not_found"   // no such file inside the root, also for what lies outside of it
	CodeRoomNotFound  Code = "room_not_found"       // an id that was never given out
	CodeRoomClosed    Code = "room_closed"          // closed on purpose: open its path again first
	CodeRoomReplaced  Code = "room_replaced"        // its history was lost; another room holds the notebook now
	CodeCellNotFound  Code = "cell_not_found"       // no cell of that id in the room
	CodeNoSuchVersion Code = "version_not_found"    // no former version or trash entry of that id
	CodeLineage       Code = "unknown_session"      // a client that holds another history of this notebook
	CodeStale         Code = "stale"                // If-Match names a content that is no longer there
	CodePathOpen      Code = "path_already_open"    // another room holds the path; see PathAlreadyOpenError
	CodeFileExists    Code = "file_exists"          // a file is there and overwriting was not asked for
	CodeDiskChanged   Code = "disk_changed"         // the file changed since the hub last read or wrote it
	CodeConflict      Code = "conflict"             // room and disk differ in a way that a person must decide
	CodeMissing       Code = "file_missing"         // the file was deleted outside; nothing is recreated without consent
	CodeBadNotebook   Code = "invalid_notebook"     // the bytes are no notebook: broken JSON, merge markers, wrong shape
	CodeUnsupported   Code = "unsupported_nbformat" // a notebook of a format newer than 4
	CodeNotAFile      Code = "not_a_file"           // a folder, a device, a pipe
	CodeTooLarge      Code = "too_large"            // above --max-notebook, or a message above its cap
	CodePermission    Code = "permission_denied"    // the operating system refused
	CodeReadOnly      Code = "read_only"            // this client may look, not write
	CodeDiskFull      Code = "disk_full"            // no space left for the file or for the journal
	CodeStorage       Code = "storage_failed"       // the disk failed in another way
	CodeNoKernel      Code = "no_kernel"            // no kernel fits the notebook, or none is installed
	CodeKernel        Code = "kernel_failed"        // the kernel did not start, died, or refused
	CodeNoExecution   Code = "execution_not_found"  // no execution of that id
	CodeBusy          Code = "too_busy"             // a queue is full; come back later
	CodeClosing       Code = "shutting_down"        // the hub is going down
	CodeInternal      Code = "internal"             // a bug of ours; the log has more
)

// Error is a failure that a caller can act on. Detail is one sentence for a
// person; it names no path outside of the root. Err, when set, is the cause.
type Error struct {
	Code   Code
	Detail string
	Err    error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Detail)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// PathAlreadyOpenError says that another room holds the path that a save, a
// rename or a promotion asked for. Nothing was written.
type PathAlreadyOpenError struct {
	Path string
	Room uuid.UUID
}

func (e *PathAlreadyOpenError) Error() string {
	return fmt.Sprintf("%s: %s is open in room %s", CodePathOpen, e.Path, e.Room)
}

// CodeOf returns the code that err carries, CodeInternal when it carries none,
// and "" for nil.
func CodeOf(err error) Code {
	var e *Error
	var p *PathAlreadyOpenError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &p):
		return CodePathOpen
	case errors.As(err, &e):
		return e.Code
	}
	return CodeInternal
}

// DetailOf returns what a person should read about err: the detail of the
// coded error, and a neutral sentence for anything else.
func DetailOf(err error) string {
	var e *Error
	var p *PathAlreadyOpenError
	switch {
	case errors.As(err, &p):
		return fmt.Sprintf("%s is already open in room %s", p.Path, p.Room)
	case errors.As(err, &e):
		return e.Detail
	}
	return "something went wrong inside the hub; its log says more"
}

func fail(code Code, cause error, format string, args ...any) error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...), Err: cause}
}
