package api

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// Open, look, save, save as, rename, close: one room all along.
func TestRooms_FromOpenToClose(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	first := e.do("POST", "/api/v1/rooms", map[string]any{"path": "a.ipynb"}).want(201)
	room := into[Room](first)
	if first.header.Get("Location") != roomPath(room.ID, "") || value(room.Path) != "a.ipynb" || room.State != RoomStateLive || room.Cells != 2 || !room.Open {
		t.Fatalf("opened %+v at %s", room, first.header.Get("Location"))
	}
	if again := into[Room](e.do("POST", "/api/v1/rooms", map[string]any{"path": "a.ipynb"}).want(200)); again.ID != room.ID {
		t.Fatal("another room for the same path")
	}
	rooms := into[RoomList](e.do("GET", "/api/v1/rooms", nil).want(200))
	if len(rooms.Rooms) != 1 || rooms.Rooms[0].ID != room.ID {
		t.Fatalf("rooms %+v", rooms)
	}

	nb := e.do("GET", roomPath(room.ID, "/notebook"), nil).want(200)
	e.do("GET", roomPath(room.ID, "/notebook"), nil, "If-None-Match", nb.header.Get("ETag")).want(304)
	edited := strings.Replace(twoCells, "hello", "edited", 1)
	put := e.do("PUT", roomPath(room.ID, "/notebook"), edited, "If-Match", nb.header.Get("ETag")).want(204)
	e.do("PUT", roomPath(room.ID, "/notebook"), twoCells, "If-Match", nb.header.Get("ETag")).wantCode(412, hub.CodeStale)

	e.do("POST", roomPath(room.ID, "/save"), nil, "If-Match", `"stale"`).wantCode(412, hub.CodeStale)
	saved := into[SaveResult](e.do("POST", roomPath(room.ID, "/save"), nil, "If-Match", put.header.Get("ETag")).want(200))
	sum := sha256.Sum256([]byte(e.disk("a.ipynb")))
	if value(saved.Path) != "a.ipynb" || value(saved.Sha256) != hex.EncodeToString(sum[:]) || !saved.Written || e.disk("a.ipynb") != edited {
		t.Fatalf("saved %+v", saved)
	}

	e.file("taken.ipynb", twoCells)
	e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "taken.ipynb"}).wantCode(409, hub.CodeFileExists)
	e.wantInTheWay(e.do("POST", roomPath(room.ID, "/rename"), map[string]any{"path": "taken.ipynb"}), "path")
	other := e.open("taken.ipynb")
	p := e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "taken.ipynb", "overwrite": true}).wantCode(409, hub.CodePathOpen)
	if p.Room == nil || *p.Room != other.ID || value(p.Path) != "taken.ipynb" {
		t.Fatalf("the problem does not name the holder: %+v", p)
	}
	e.do("POST", roomPath(room.ID, "/rename"), map[string]any{"path": "taken.ipynb"}).wantCode(409, hub.CodePathOpen)
	if e.disk("taken.ipynb") != twoCells {
		t.Fatal("a losing save changed the other file")
	}

	as := into[SaveResult](e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "sub/b.ipynb"}).want(200))
	if value(as.Path) != "sub/b.ipynb" || e.disk("sub/b.ipynb") != edited || as.Rev <= saved.Rev {
		t.Fatalf("saved as %+v", as)
	}
	moved := into[SaveResult](e.do("POST", roomPath(room.ID, "/rename"), map[string]any{"path": "c.ipynb"}).want(200))
	if value(moved.Path) != "c.ipynb" || e.disk("c.ipynb") != edited {
		t.Fatalf("moved %+v", moved)
	}
	info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200))
	if info.ID != room.ID || value(info.Path) != "c.ipynb" || info.Saved == nil || info.Unsaved {
		t.Fatalf("room %+v", info)
	}
	closed := into[SaveResult](e.do("DELETE", roomPath(room.ID, ""), nil).want(200))
	if value(closed.Path) != "c.ipynb" {
		t.Fatalf("closed %+v", closed)
	}
	e.do("GET", roomPath(room.ID, "/notebook"), nil).wantCode(409, hub.CodeRoomClosed)
	if info = into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)); info.State != RoomStateClosed || info.Open {
		t.Fatalf("a closed room is %+v", info)
	}
	if again := e.open("c.ipynb"); again.ID != room.ID {
		t.Fatal("the notebook has another room after a close")
	}
}

// An untitled notebook that nobody wants goes to the trash, and comes back as a
// file; one with a file is deleted by its path.
func TestRooms_UntitledIsThrownAway(t *testing.T) {
	e := newEnv(t)
	room := into[Room](e.do("POST", "/api/v1/rooms", `{}`).want(201))
	e.do("POST", roomPath(room.ID, "/cells"), map[string]any{"source": "6 * 7"}).want(201)
	gone := into[TrashEntry](e.do("POST", roomPath(room.ID, "/discard"), nil).want(200))
	if rest := into[RoomList](e.do("GET", "/api/v1/rooms?untitled=1", nil).want(200)); len(rest.Rooms) != 0 {
		t.Fatalf("it is still there: %+v", rest)
	}
	e.do("POST", roomPath(room.ID, "/discard"), nil).wantCode(410, hub.CodeRoomReplaced)
	e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID}).wantCode(422, hub.CodeInvalidPath)
	e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID, "to": "found.ipynb"}).want(201)
	back := e.open("found.ipynb")
	if back.ID != room.ID || !strings.Contains(e.disk("found.ipynb"), "6 * 7") {
		t.Fatalf("it came back as %+v with %s", back, e.disk("found.ipynb"))
	}
	e.do("POST", roomPath(back.ID, "/discard"), nil).wantCode(422, hub.CodeInvalid)
	e.do("DELETE", roomPath(back.ID, ""), nil).want(200)
	e.do("POST", roomPath(back.ID, "/discard"), nil).wantCode(409, hub.CodeRoomClosed)
	e.do("POST", roomPath(uuid.New(), "/discard"), nil).wantCode(404, hub.CodeRoomNotFound)
}

// An untitled notebook lives in the hub until it gets a path.
func TestRooms_UntitledUntilItIsSaved(t *testing.T) {
	e := newEnv(t)
	room := into[Room](e.do("POST", "/api/v1/rooms", `{}`).want(201))
	if room.Path != nil || room.Saved != nil {
		t.Fatalf("untitled %+v", room)
	}
	e.do("POST", roomPath(room.ID, "/cells"), map[string]any{"source": "1 + 1"}).want(201)
	e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(422, hub.CodeInvalidPath)
	e.do("GET", roomPath(room.ID, "/disk"), nil).wantCode(404, hub.CodeNotFound)
	if closed := into[SaveResult](e.do("DELETE", roomPath(room.ID, ""), nil).want(200)); closed.Path != nil || closed.Sha256 != nil {
		t.Fatalf("closed %+v", closed)
	}
	if open := into[RoomList](e.do("GET", "/api/v1/rooms", nil).want(200)); len(open.Rooms) != 0 {
		t.Fatalf("open %+v", open)
	}
	rest := into[RoomList](e.do("GET", "/api/v1/rooms?untitled=1", nil).want(200))
	if len(rest.Rooms) != 1 || rest.Rooms[0].ID != room.ID || rest.Rooms[0].Open {
		t.Fatalf("at rest %+v", rest)
	}
	cells := into[CellList](e.do("GET", roomPath(room.ID, "/cells"), nil).want(200))
	if len(cells.Cells) == 0 || cells.Cells[len(cells.Cells)-1].Source != "1 + 1" {
		t.Fatalf("cells %+v", cells)
	}
	saved := into[SaveResult](e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "kept.ipynb"}).want(200))
	if value(saved.Path) != "kept.ipynb" || !strings.Contains(e.disk("kept.ipynb"), "1 + 1") {
		t.Fatalf("saved %+v", saved)
	}
	created := into[Room](e.do("POST", "/api/v1/rooms", map[string]any{"path": "made/new.ipynb", "create": true, "kernel": "python3"}).want(201))
	if _, err := os.Stat(filepath.Join(e.root, "made/new.ipynb")); !os.IsNotExist(err) {
		t.Fatal("written before the first save")
	}
	e.do("POST", roomPath(created.ID, "/save"), nil).want(200)
	if !strings.Contains(e.disk("made/new.ipynb"), `"nbformat": 4`) {
		t.Fatal("not written by the first save")
	}
}

// A conflict shows both sides, and a person decides.
func TestRooms_AConflictIsResolved(t *testing.T) {
	for _, keep := range []string{"room", "disk"} {
		t.Run(keep, func(t *testing.T) {
			e := newEnv(t)
			e.file("a.ipynb", twoCells)
			room := e.open("a.ipynb")
			e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "mine"}).want(200)
			broken := "<<<<<<< HEAD\n" + twoCells
			e.file("a.ipynb", broken)
			e.do("POST", roomPath(room.ID, "/save"), nil)
			e.until("conflict", func() bool {
				return into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)).State == RoomStateConflict
			})
			e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(409, hub.CodeConflict)
			disk := e.do("GET", roomPath(room.ID, "/disk"), nil).want(200)
			if string(disk.body) != broken || disk.header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Fatalf("disk %s", disk.body)
			}
			e.do("GET", roomPath(room.ID, "/disk"), nil, "If-None-Match", disk.header.Get("ETag")).want(304)
			if keep == "disk" {
				e.file("a.ipynb", strings.Replace(twoCells, "hello", "theirs", 1))
			}
			resolved := into[Room](e.do("POST", roomPath(room.ID, "/resolve"), map[string]any{"keep": keep}).want(200))
			if resolved.State != RoomStateLive {
				t.Fatalf("still %+v", resolved)
			}
			want := map[string]string{"room": "mine", "disk": "print('theirs')"}[keep]
			if c := into[Cell](e.do("GET", roomPath(room.ID, "/cells/first"), nil).want(200)); c.Source != want {
				t.Errorf("kept %q, want %q", c.Source, want)
			}
			e.do("POST", roomPath(room.ID, "/save"), nil).want(200)
			e.do("POST", roomPath(room.ID, "/resolve"), map[string]any{"keep": keep}).wantCode(422, hub.CodeInvalid)
		})
	}
}

// A file that was deleted outside is not made again unasked.
func TestRooms_AMissingFile(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	e.ok(os.Remove(filepath.Join(e.root, "a.ipynb")))
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "kept"}).want(200)
	e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(409, hub.CodeMissing)
	e.do("POST", roomPath(room.ID, "/save"), map[string]any{"recreate": true}).want(200)
	if !strings.Contains(e.disk("a.ipynb"), "kept") {
		t.Fatal("not recreated")
	}
}

func TestRooms_VersionsComeBack(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	made := e.do("POST", roomPath(room.ID, "/versions"), nil, "X-Hub-Name", "Ada").want(201)
	kept := into[Version](made)
	if kept.Reason != VersionReasonRequest || kept.By != "Ada" || kept.Cells != 2 || made.header.Get("Location") != roomPath(room.ID, "/versions/"+kept.ID) {
		t.Fatalf("kept %+v at %s", kept, made.header.Get("Location"))
	}
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "later"}).want(200)
	list := into[VersionList](e.do("GET", roomPath(room.ID, "/versions"), nil).want(200))
	if len(list.Versions) == 0 || list.Versions[len(list.Versions)-1].ID != kept.ID {
		t.Fatalf("versions %+v", list)
	}
	former := e.do("GET", roomPath(room.ID, "/versions/"+kept.ID), nil).want(200)
	if !strings.Contains(string(former.body), "hello") {
		t.Fatalf("version %s", former.body)
	}
	e.do("GET", roomPath(room.ID, "/versions/"+kept.ID), nil, "If-None-Match", former.header.Get("ETag")).want(304)
	e.do("GET", roomPath(room.ID, "/versions/none"), nil).wantCode(404, hub.CodeNoSuchVersion)
	e.do("POST", roomPath(room.ID, "/versions/"+kept.ID+"/restore"), nil).want(200)
	if c := into[Cell](e.do("GET", roomPath(room.ID, "/cells/first"), nil).want(200)); c.Source != "print('hello')" {
		t.Fatalf("restored %q", c.Source)
	}
}

// A former state is compared with the document as it is now, saved or not.
func TestRooms_AVersionsDifference(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("zero", "one", "two", "three"))
	room := e.open("a.ipynb")
	kept := into[Version](e.do("POST", roomPath(room.ID, "/versions"), nil).want(201))
	diff := func() Difference {
		return into[Difference](e.do("GET", roomPath(room.ID, "/versions/"+kept.ID+"/diff"), nil).want(200))
	}
	if d := diff(); len(d.Cells) != 0 || d.Cells == nil || d.Metadata || d.Inserted+d.Deleted+d.Changed+d.Moved != 0 {
		t.Fatalf("nothing happened, but %+v", d)
	}
	cell := func(id string) string { return roomPath(room.ID, "/cells/"+id) }
	e.do("PATCH", cell("c0"), map[string]any{"source": "zero!"}).want(200)
	e.do("DELETE", cell("c1"), nil).want(204)
	e.do("POST", cell("c3")+"/move", map[string]any{"index": 0}).want(200)
	e.do("POST", roomPath(room.ID, "/cells"), map[string]any{"id": "new", "cell_type": "markdown", "source": ""}).want(201)
	d := diff()
	if d.Inserted != 1 || d.Deleted != 1 || d.Changed != 1 || d.Moved != 1 || d.Metadata || len(d.Cells) != 4 {
		t.Fatalf("difference %+v", d)
	}
	want := []CellDifference{
		{ID: "c3", Kind: CellDifferenceKindMoved, Type: CellTypeCode, Fields: []CellDifferenceFields{}, Before: ptr("three"), After: ptr("three")},
		{ID: "c0", Kind: CellDifferenceKindChanged, Type: CellTypeCode, Fields: []CellDifferenceFields{CellDifferenceFieldsSource}, Before: ptr("zero"), After: ptr("zero!")},
		{ID: "new", Kind: CellDifferenceKindInserted, Type: CellTypeMarkdown, Fields: []CellDifferenceFields{}, After: ptr("")},
		{ID: "c1", Kind: CellDifferenceKindDeleted, Type: CellTypeCode, Fields: []CellDifferenceFields{}, Before: ptr("one")},
	}
	for i, c := range d.Cells {
		if !reflect.DeepEqual(c, want[i]) {
			t.Errorf("cell %d: %+v, want %+v", i, c, want[i])
		}
	}
	e.do("GET", roomPath(room.ID, "/versions/none/diff"), nil).wantCode(404, hub.CodeNoSuchVersion)
}

func ptr[T any](v T) *T { return &v }

// The loser of a conflict is kept whatever it was; what is no notebook cannot
// be compared.
func TestRooms_AVersionThatIsNoNotebook(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "mine"}).want(200)
	e.file("a.ipynb", "<<<<<<< HEAD\n"+twoCells)
	e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(409, hub.CodeConflict)
	e.do("POST", roomPath(room.ID, "/resolve"), map[string]any{"keep": "room"}).want(200)
	list := into[VersionList](e.do("GET", roomPath(room.ID, "/versions"), nil).want(200)).Versions
	refused := 0
	for _, v := range list {
		if r := e.do("GET", roomPath(room.ID, "/versions/"+v.ID+"/diff"), nil); r.status != 200 {
			r.wantCode(422, hub.CodeBadNotebook)
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d of %d refused", refused, len(list))
	}
}

func TestRooms_AnIdThatIsNone(t *testing.T) {
	e := newEnv(t)
	e.do("GET", "/api/v1/rooms/none", nil).wantCode(404, hub.CodeRoomNotFound)
	e.do("GET", roomPath(uuid.New(), ""), nil).wantCode(404, hub.CodeRoomNotFound)
}
