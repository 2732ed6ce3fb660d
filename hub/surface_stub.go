package hub

// Signatures that package api builds against; each is replaced by its real
// implementation in the file that the architecture names.

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

// Hub is the registry of rooms. All methods may be called concurrently.
type Hub struct{}

// Open returns the room of a notebook, loading it if needed.
func (h *Hub) Open(ctx context.Context, req OpenRequest) (OpenResult, error) { panic("stub") }

// Rooms lists the open rooms, and with atRest the untitled notebooks that are not open, oldest first.
func (h *Hub) Rooms(ctx context.Context, atRest bool) ([]RoomInfo, error) { panic("stub") }

// Room tells about one room, open or known to the store.
func (h *Hub) Room(ctx context.Context, room uuid.UUID) (RoomInfo, error) { panic("stub") }

// CloseRoom saves, stops and closes a room on purpose. A failed save keeps it and is the answer.
func (h *Hub) CloseRoom(ctx context.Context, room uuid.UUID, by Client) (SaveResult, error) {
	panic("stub")
}

// Notebook returns the live document as .ipynb.
func (h *Hub) Notebook(ctx context.Context, room uuid.UUID) (Document, error) { panic("stub") }

// PutNotebook brings the document to data by minimal edits and returns the new ETag once they are on disk.
func (h *Hub) PutNotebook(ctx context.Context, room uuid.UUID, data []byte, ifMatch string, by Client) (string, error) {
	panic("stub")
}

// Save writes the room's file, saves it as another, or promotes an untitled notebook.
func (h *Hub) Save(ctx context.Context, room uuid.UUID, req SaveRequest) (SaveResult, error) {
	panic("stub")
}

// Rename moves the file and the room together. Missing folders are made.
func (h *Hub) Rename(ctx context.Context, room uuid.UUID, path string, by Client) (SaveResult, error) {
	panic("stub")
}

// Cells lists the cells of a room.
func (h *Hub) Cells(ctx context.Context, room uuid.UUID) (CellList, error) { panic("stub") }

// Cell returns one cell.
func (h *Hub) Cell(ctx context.Context, room uuid.UUID, cell string) (CellState, error) {
	panic("stub")
}

// InsertCell adds a cell; an empty ID is minted. It returns once the edit is on disk, as all edits do.
func (h *Hub) InsertCell(ctx context.Context, room uuid.UUID, cell notebook.Cell, at Place, by Client) (CellState, error) {
	panic("stub")
}

// PatchCell changes a cell.
func (h *Hub) PatchCell(ctx context.Context, room uuid.UUID, cell string, patch CellPatch, by Client) (CellState, error) {
	panic("stub")
}

// DeleteCell removes a cell.
func (h *Hub) DeleteCell(ctx context.Context, room uuid.UUID, cell, ifMatch string, by Client) error {
	panic("stub")
}

// MoveCell moves a cell.
func (h *Hub) MoveCell(ctx context.Context, room uuid.UUID, cell string, to Place, by Client) (CellState, error) {
	panic("stub")
}

// List lists notebooks and folders below dir ("" is the root).
func (h *Hub) List(ctx context.Context, dir string, recursive bool) (Listing, error) { panic("stub") }

// ReadFile returns a notebook by path: the live document when it is open, else the file's bytes.
func (h *Hub) ReadFile(ctx context.Context, path string) (Document, error) { panic("stub") }

// WriteFile puts a notebook at path: through its room when it is open, else atomically into the file. created tells which.
func (h *Hub) WriteFile(ctx context.Context, path string, data []byte, ifMatch string, by Client) (doc Document, created bool, err error) {
	panic("stub")
}

// CopyFile copies a notebook, open or not; an empty to picks a free name beside it. It returns the new path.
func (h *Hub) CopyFile(ctx context.Context, from, to string, by Client) (string, error) {
	panic("stub")
}

// DeleteFile closes the room, if any, and moves the file to the trash.
func (h *Hub) DeleteFile(ctx context.Context, path string, by Client) (TrashEntry, error) {
	panic("stub")
}

// Trash lists deleted notebooks, newest first.
func (h *Hub) Trash(ctx context.Context) ([]TrashEntry, error) { panic("stub") }

// RestoreTrash puts a deleted notebook back, at to or where it was; an existing file is never replaced.
func (h *Hub) RestoreTrash(ctx context.Context, id, to string, by Client) (string, error) {
	panic("stub")
}

// Disk returns the other side of a conflict: the file's bytes as they are.
func (h *Hub) Disk(ctx context.Context, room uuid.UUID) (Document, error) { panic("stub") }

// Resolve ends a conflict: keep is "room" or "disk". The loser is kept as a version.
func (h *Hub) Resolve(ctx context.Context, room uuid.UUID, keep string, by Client) (RoomInfo, error) {
	panic("stub")
}

// Versions lists former states, newest first.
func (h *Hub) Versions(ctx context.Context, room uuid.UUID) ([]Version, error) { panic("stub") }

// Version returns one as .ipynb.
func (h *Hub) Version(ctx context.Context, room uuid.UUID, id string) (Document, error) {
	panic("stub")
}

// KeepVersion keeps the present state as a version.
func (h *Hub) KeepVersion(ctx context.Context, room uuid.UUID, by Client) (Version, error) {
	panic("stub")
}

// RestoreVersion brings the document back to a version by edits that can be undone.
func (h *Hub) RestoreVersion(ctx context.Context, room uuid.UUID, id string, by Client) (RoomInfo, error) {
	panic("stub")
}

// Execute queues cells and answers at once.
func (h *Hub) Execute(ctx context.Context, room uuid.UUID, req ExecuteRequest) ([]Execution, error) {
	panic("stub")
}

// Execution returns one execution, waiting at most wait for it to finish. It is known for a day.
func (h *Hub) Execution(ctx context.Context, id uuid.UUID, wait time.Duration) (Execution, error) {
	panic("stub")
}

// CancelExecution takes a queued execution out, or interrupts a running one.
func (h *Hub) CancelExecution(ctx context.Context, id uuid.UUID, by Client) (Execution, error) {
	panic("stub")
}

// KernelSpecs lists installed kernels.
func (h *Hub) KernelSpecs(ctx context.Context) ([]KernelSpec, error) { panic("stub") }

// SetKernel chooses and starts the room's kernel.
func (h *Hub) SetKernel(ctx context.Context, room uuid.UUID, spec string, by Client) (KernelInfo, error) {
	panic("stub")
}

// StopKernel shuts the room's kernel down.
func (h *Hub) StopKernel(ctx context.Context, room uuid.UUID, by Client) (KernelInfo, error) {
	panic("stub")
}

// InterruptKernel interrupts the running cell; what is queued is cancelled.
func (h *Hub) InterruptKernel(ctx context.Context, room uuid.UUID, by Client) error { panic("stub") }

// RestartKernel restarts it.
func (h *Hub) RestartKernel(ctx context.Context, room uuid.UUID, by Client) (KernelInfo, error) {
	panic("stub")
}

// AnswerPrompt replies to input() of the running cell.
func (h *Hub) AnswerPrompt(ctx context.Context, room uuid.UUID, execution uuid.UUID, value string, by Client) error {
	panic("stub")
}

// Complete asks the kernel for completions at a cursor (UTF-16 units).
func (h *Hub) Complete(ctx context.Context, room uuid.UUID, code string, cursor int) (map[string]any, error) {
	panic("stub")
}

// Inspect asks the kernel about the name at a cursor (UTF-16 units).
func (h *Hub) Inspect(ctx context.Context, room uuid.UUID, code string, cursor, detail int) (map[string]any, error) {
	panic("stub")
}

// History returns the kernel's last n inputs.
func (h *Hub) History(ctx context.Context, room uuid.UUID, n int) ([]string, error) { panic("stub") }

// Blob opens a large output by its SHA-256 in hex. The caller closes it.
func (h *Hub) Blob(ctx context.Context, sha256 string) (content io.ReadSeekCloser, mime string, err error) {
	panic("stub")
}

// Join attaches a client to a room and returns when both halves of the
// connection have ended. accept is called once the room is found, held and
// loaded, so that a refusal can still be an HTTP answer; its error ends Join.
func (h *Hub) Join(ctx context.Context, room uuid.UUID, o JoinOptions, accept func(RoomInfo) (Conn, error)) error {
	panic("stub")
}

// Events returns what happened in one room, or with uuid.Nil in all of them,
// after the event numbered after, oldest first; it waits until there is
// something or ctx ends. What is no longer remembered is skipped: a gap in Seq
// tells. It fails with CodeClosing once the hub is closed.
func (h *Hub) Events(ctx context.Context, room uuid.UUID, after uint64) ([]Event, error) {
	panic("stub")
}

// LastEvent returns the number of the newest event, to follow from now on.
func (h *Hub) LastEvent() uint64 { panic("stub") }

// Ready reports whether the hub can serve: open, and its store writable.
func (h *Hub) Ready(ctx context.Context) error { panic("stub") }

// Stats returns counters and gauges.
func (h *Hub) Stats() Stats { panic("stub") }
