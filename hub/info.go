package hub

import (
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

// RoomState says how a room stands to its file.
type RoomState string

// The states of a room that can be looked at.
const (
	StateOpening  RoomState = "opening"   // loading; nothing can be read yet
	StateLive     RoomState = "live"      // the normal case
	StateMissing  RoomState = "missing"   // the file was deleted outside; edits are kept, nothing is recreated
	StateConflict RoomState = "conflict"  // the disk holds something that a person must decide about
	StateDegraded RoomState = "degraded"  // storage fails; edits are kept in memory and retried
	StateReadOnly RoomState = "read_only" // the file may not be written; edits are kept in the journal
	StateClosed   RoomState = "closed"    // closed on purpose: attaching is refused until its path is opened again
)

// RoomInfo is what anyone may know about a room at a moment. It is immutable.
type RoomInfo struct {
	ID      uuid.UUID
	Lineage uuid.UUID // names the document's history (Jupyter's sessionId)
	Path    string    // relative to the root, with "/"; "" while untitled
	Rev     uint64    // counts path changes and saves
	State   RoomState
	Code    Code   // why it is not live, else ""
	Reason  string // the same for a person
	Unsaved bool   // the document has changes that the file has not
	Saved   *Saved // the last time that file and room agreed; nil before
	Peers   []PeerInfo
	Kernel  KernelInfo
	Queue   []QueueItem
	Cells   int
	Open    bool      // false: at rest in the store
	Since   time.Time // when this life of the room began
}

// Saved names the bytes of the file that the room agrees with.
type Saved struct {
	SHA256 string // hex
	Time   time.Time
}

// PeerInfo is one attached client.
type PeerInfo struct {
	ID       string // given by the hub, unique in the room
	Name     string // self-chosen
	ReadOnly bool
	Since    time.Time
}

// Client is who asks: the hub's own notion, never taken from the client's word
// beyond Name.
type Client struct {
	ID       string // stable for one login or token
	Name     string // for people
	ReadOnly bool
}

// KernelInfo describes the kernel of a room, running or not.
type KernelInfo struct {
	Name        string // of the kernelspec; "" when none was chosen yet
	DisplayName string
	Language    string
	Status      string // none, starting, idle, busy, unresponsive, restarting, dead, failed
	Reason      string // why dead, failed or unresponsive
}

// QueueItem is one execution that waits or runs.
type QueueItem struct {
	ID      uuid.UUID
	Cell    string
	By      string
	State   string // queued or running
	Started time.Time
}

// Entry is one line of a listing: a notebook or a folder.
type Entry struct {
	Path     string // relative to the root, with "/"
	Dir      bool
	Size     int64 // bytes
	Modified time.Time
	Room     *RoomInfo // set when open
}

// Listing is the content of a folder, sorted: folders first, then by name.
type Listing struct {
	Dir       string
	Entries   []Entry
	Truncated bool // a recursive listing stopped at its bound
}

// OpenRequest asks for a room. With neither Path nor Create an untitled
// notebook is started.
type OpenRequest struct {
	Path   string
	Create bool // the file need not exist; it is written by the first save
	Kernel string
	By     Client
}

// OpenResult tells the room, and whether this call opened it.
type OpenResult struct {
	Room   RoomInfo
	Opened bool
}

// SaveRequest asks for the room's content to be in a file. An empty Path means
// the room's own; another one is a save-as, or promotes an untitled notebook.
type SaveRequest struct {
	Path      string
	Overwrite bool   // replace a file that is already at another path; the former bytes are kept as a version
	Recreate  bool   // write the room's own file again after it was deleted outside
	IfMatch   string // refuse unless the notebook still has this ETag
	By        Client
}

// SaveResult is what is on disk now.
type SaveResult struct {
	Path    string
	Rev     uint64
	SHA256  string
	Time    time.Time
	Written bool     // false: the file already held these bytes
	Links   uint64   // other hard links that keep the former bytes
	Notes   []string // what a person should know, such as other names of the file
}

// Document is a notebook as bytes, with the strong ETag of exactly these.
type Document struct {
	Data []byte
	ETag string // quoted, as in the HTTP header
}

// CellState is one cell of a room with the ETag of its content.
type CellState struct {
	notebook.Cell
	Index int
	ETag  string
}

// CellList is every cell of a room at one moment.
type CellList struct {
	Cells []CellState
	ETag  string // of the whole notebook
}

// Place says where a cell goes: at Index, or Before or After another cell.
// Exactly one is set; none means the end.
type Place struct {
	Index  *int
	Before string
	After  string
}

// CellPatch changes what is set and leaves the rest. Metadata and Attachments
// replace the former ones whole.
type CellPatch struct {
	Type        *string
	Source      *string
	Metadata    *map[string]any
	Attachments *map[string]any
	IfMatch     string // refuse unless the cell still has this ETag
}

// ExecuteRequest asks for cells to be run in this order.
type ExecuteRequest struct {
	Cells         []string
	All           bool   // every code cell, in document order
	Seen          []byte // a Yjs state vector that the document must have reached; nil: as it is
	ContinueOnErr bool   // run the rest although a cell failed
	// Gather: this is one of several requests of the same moment, whose order
	// means nothing. They run in the order of the document.
	Gather bool
	By     Client
}

// Execution is one run of one cell. It outlives the client that asked for it.
type Execution struct {
	ID       uuid.UUID
	Room     uuid.UUID
	Cell     string
	By       string
	State    string // queued, running, done, error, cancelled
	Reason   string // why error or cancelled
	Count    *int64
	Queued   time.Time
	Started  time.Time
	Finished time.Time
	Outputs  []notebook.Output // of the finished run
	// OutputsDropped: the outputs are kept no longer, and the cell does not show
	// them any more.
	OutputsDropped bool
}

// Version is a former state of a notebook, kept by the hub.
type Version struct {
	ID     string
	Time   time.Time
	Reason string // outside_change, delete_all, conflict, overwrite, request, restore
	By     string
	Size   int64
	Cells  int
}

// TrashEntry is a deleted notebook.
type TrashEntry struct {
	ID      string
	Path    string
	Deleted time.Time
	By      string
	Size    int64
}

// Event is something that happened, for those who follow a room or the hub.
// Data is encoded as JSON by the edge.
type Event struct {
	Seq  uint64 // grows by one; resume after it
	Type string // opened, joined, left, edited, path_changed, saved, save_failed, state, execution, kernel, prompt, evicted, listing
	Room uuid.UUID
	Time time.Time
	Data map[string]any
}

// Stats are counters and gauges for metrics, at a moment.
type Stats struct {
	Rooms, Peers, Claims                       int
	Opened, Evicted, EvictionsKept             uint64
	Edits, Deliveries, Merged, Resyncs         uint64
	SlowClosed, InvalidClosed                  uint64
	Saves, SaveFailures, Merges, Conflicts     uint64
	Journaled, JournalFailures, Panics         uint64
	Executions, KernelsStarted, KernelsDied    uint64
	KernelsRunning, ExecutionsQueued, Watchers int
}
