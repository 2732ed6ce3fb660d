package hub_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store/storetest"
	"github.com/notebookhub/hub/hub/yjs"
)

// world is one notebook with people at it, in virtual time, driven by a seed:
// peers that type, lose their connection, go on offline and come back; programs
// that edit by REST; other programs that write the file; and a hub that is
// stopped, or crashes, and is started again. Every edit leaves a mark, a
// character that nobody else writes, so that it can be told in the end whether
// it is there, and there once.
type world struct {
	t     *testing.T
	e     *hubtest.Env
	rng   *rand.Rand
	room  uuid.UUID
	seats []*seat
	told  []string // what happened, for whoever has to find out why

	marks int
	must  []rune // edits that were made for good
	may   []rune // edits whose fate was left open by an error
	cells int
	outer []string // ids of cells that other programs added
	dark  bool     // the journal's disk has failed
}

// seat is one person: a document, and a connection now and then.
type seat struct {
	p      *hubtest.Peer
	online bool
}

const worldFile = "n.ipynb"

// worldStart is what the cells hold at first; nothing of it is ever deleted.
var worldStart = []string{"", "second", ""}

func newWorld(t *testing.T, seed uint64, peers int) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 77))}
	w.e = hubtest.New(t, nil)
	w.e.Write(worldFile, hubtest.Notebook(worldStart...))
	w.cells = len(worldStart)
	w.room = w.e.Open(worldFile)
	for range peers {
		s := &seat{}
		s.p, s.online = w.e.Join(w.room), true
		w.seats = append(w.seats, s)
	}
	return w
}

// tell notes what happens.
func (w *world) tell(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

// failf ends the test with the whole story.
func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nthe story: %s", fmt.Sprintf(format, args...), strings.Join(w.told, "; "))
}

// mark returns a character that nobody has used: every third one is two UTF-16
// units long.
func (w *world) mark() rune {
	w.marks++
	if w.marks%3 == 0 {
		return rune(0x20000 + w.marks)
	}
	return rune(0x4e00 + w.marks%0x5000)
}

// put writes a mark somewhere into a text.
func (w *world) put(text string) (string, rune) {
	m, runes := w.mark(), []rune(text)
	return string(slices.Insert(runes, w.rng.IntN(len(runes)+1), m)), m
}

func (w *world) pick() *seat { return w.seats[w.rng.IntN(len(w.seats))] }

// types has a peer write a mark somewhere, connected or not.
func (w *world) types(s *seat) {
	m := w.mark()
	s.p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
		cells := doc.Array("cells")
		if cells.Len() == 0 {
			w.failf("a peer has no cells")
		}
		cell := cells.Get(w.rng.IntN(cells.Len())).(*yjs.Map)
		id, _ := cell.Get("id")
		value, _ := cell.Get("source")
		source := value.(*yjs.Text)
		runes := []rune(source.String())
		at := len(utf16.Encode(runes[:w.rng.IntN(len(runes)+1)]))
		w.tell("peer types %c into %v (online %v)", m, id, s.online)
		source.Insert(tx, at, string(m))
	})
	w.must = append(w.must, m)
}

// inserts has a peer add a cell with a mark.
func (w *world) inserts(s *seat) {
	w.cells++
	m := w.mark()
	id := fmt.Sprintf("p%d", w.cells)
	w.tell("peer adds cell %s with %c (online %v)", id, m, s.online)
	s.p.Insert(w.rng.IntN(len(s.p.Sources())+1), id, string(m))
	w.must = append(w.must, m)
}

// moves has a connected peer move a cell as all clients do: by a copy. Two who
// do it at once have two copies; that is Yjs, and not the story here.
func (w *world) moves(s *seat) {
	synctest.Wait()
	if !s.online {
		return
	}
	count := len(s.p.Sources())
	if count < 2 {
		return
	}
	from, to := w.rng.IntN(count), w.rng.IntN(count)
	id, source, _ := strings.Cut(s.p.Sources()[from], ":")
	w.tell("peer moves %s from %d to %d", id, from, to)
	s.p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
		cells := doc.Array("cells")
		cells.Delete(tx, from, 1)
		cells.Insert(tx, to, yjs.MapOf(
			yjs.Entry{Key: "source", Value: yjs.TextOf(source)}, yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
			yjs.Entry{Key: "cell_type", Value: "code"}, yjs.Entry{Key: "id", Value: id},
			yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()}, yjs.Entry{Key: "execution_count", Value: nil}))
	})
	synctest.Wait()
}

// rest edits over REST. What fails may have happened or not.
func (w *world) rest() {
	list, err := w.e.Hub.Cells(ctx, w.room)
	if err != nil || len(list.Cells) == 0 {
		return
	}
	cell := list.Cells[w.rng.IntN(len(list.Cells))]
	switch n := w.rng.IntN(4); {
	case n == 0:
		to := w.rng.IntN(len(list.Cells))
		w.tell("REST moves %s to %d", cell.ID, to)
		_, _ = w.e.Hub.MoveCell(ctx, w.room, cell.ID, hub.Place{Index: &to}, hub.Client{})
	case n == 1:
		w.cells++
		m := w.mark()
		added := notebook.Cell{ID: fmt.Sprintf("r%d", w.cells), Type: "code", Source: string(m)}
		_, err := w.e.Hub.InsertCell(ctx, w.room, added, hub.Place{Before: cell.ID}, hub.Client{})
		w.tell("REST adds %s with %c: %v", added.ID, m, err)
		w.note(m, err)
	default:
		text, m := w.put(cell.Source)
		_, err := w.e.Hub.PatchCell(ctx, w.room, cell.ID, hub.CellPatch{Source: &text, IfMatch: cell.ETag}, hub.Client{})
		w.tell("REST writes %c into %s: %v", m, cell.ID, err)
		w.note(m, err)
	}
}

// note remembers an edit that had an answer.
func (w *world) note(m rune, err error) {
	if err == nil {
		w.must = append(w.must, m)
	} else {
		w.may = append(w.may, m)
	}
}

// drops and returns are a connection's end and a new one.
func (w *world) drops(s *seat) {
	if s.online {
		w.tell("peer loses its connection")
		s.p.Drop()
		s.online = false
	}
}

func (w *world) returns(s *seat) {
	if s.online {
		return
	}
	as := hubtest.JoinAs{Doc: s.p.Doc(), Unsent: s.p.Unsent(), JoinOptions: hub.JoinOptions{Events: true}}
	if w.rng.IntN(2) == 0 {
		as.Lineage = w.e.Room(w.room).Lineage.String()
	}
	w.tell("peer returns (session id %v)", as.Lineage != "")
	s.p, s.online = w.e.JoinAs(w.room, as), true
	synctest.Wait()
	select {
	case <-s.p.Left(): // the disk fails, and the room could not be opened
		w.tell("and is refused: %v", s.p.Err)
		s.online = false
	default:
	}
	if code, reason := s.p.Conn.Closed(); code != 0 {
		w.failf("a peer was refused with %d %q", code, reason)
	}
}

// everybodyLeaves and the room is evicted.
func (w *world) everybodyLeaves() {
	for _, s := range w.seats {
		w.drops(s)
	}
	w.e.Watcher.Changed(filepath.Join(w.e.Dir, worldFile))
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	if n := w.e.Hub.Stats().Rooms; n != 0 {
		w.failf("%d rooms are left: %+v", n, w.e.Room(w.room))
	}
	w.tell("evicted")
}

// outside changes the file as another program does: it reads what is there and
// writes it back with a mark, a new cell, another order or another spelling.
func (w *world) outside() {
	synctest.Wait()
	file := filepath.Join(w.e.Dir, worldFile)
	var nb map[string]any
	if err := json.Unmarshal([]byte(w.e.Read(worldFile)), &nb); err != nil {
		w.failf("the file is damaged: %v", err)
	}
	cells := nb["cells"].([]any)
	if len(cells) == 0 {
		return
	}
	indent := " "
	var did []string
	for range 1 + w.rng.IntN(3) {
		switch at := w.rng.IntN(len(cells)); w.rng.IntN(5) {
		case 0:
			w.cells++
			id, m := fmt.Sprintf("o%d", w.cells), w.mark()
			cells = slices.Insert(cells, at, any(map[string]any{"cell_type": "code", "id": id, "source": string(m), "metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil}))
			w.outer, w.must = append(w.outer, id), append(w.must, m)
			did = append(did, fmt.Sprintf("adds %s with %c", id, m))
		case 1:
			w.rng.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
			did = append(did, "shuffles")
		case 2:
			indent = []string{" ", "  ", "\t", ""}[w.rng.IntN(4)]
			did = append(did, "respells everything")
		default:
			cell := cells[at].(map[string]any)
			text, m := w.put(fileSource(cell))
			cell["source"] = text
			w.must = append(w.must, m)
			did = append(did, fmt.Sprintf("writes %c into %v", m, cell["id"]))
		}
	}
	nb["cells"] = cells
	told := w.rng.IntN(4) > 0
	rename := w.rng.IntN(2) == 0
	w.tell("outside %v (rename %v, watcher tells %v)", did, rename, told)
	w.writeFile(file, spell(nb, indent), rename)
	if told {
		w.e.Watcher.Changed(file)
	}
}

func (w *world) writeFile(file string, data []byte, rename bool) {
	target := file
	if rename {
		target += ".swp"
	}
	if err := os.WriteFile(target, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	if rename {
		if err := os.Rename(target, file); err != nil {
			w.t.Fatal(err)
		}
	}
}

func spell(nb any, indent string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(nb); err != nil {
		panic(err) // it was JSON before
	}
	return out.Bytes()
}

func fileSource(cell map[string]any) string {
	switch source := cell["source"].(type) {
	case string:
		return source
	case []any:
		var text strings.Builder
		for _, line := range source {
			text.WriteString(line.(string))
		}
		return text.String()
	}
	return ""
}

// restart ends the hub and starts it again. Connections are lost.
func (w *world) restart() {
	w.tell("hub restarts")
	w.offline()
	w.e.Restart()
	synctest.Wait()
}

func (w *world) offline() {
	for _, s := range w.seats {
		w.drops(s)
	}
}

// crash starts a new hub on what a crash at this moment leaves: the disk as it
// is now, without anything that a clean end would still have written.
func (w *world) crash() {
	synctest.Wait()
	dir, state := w.t.TempDir(), w.t.TempDir()
	w.copyTree(w.e.Dir, dir)
	w.copyTree(w.e.State, state)
	w.tell("hub crashes")
	w.offline()
	w.e.Stop()
	w.e.Dir, w.e.State = dir, state
	w.e.Start()
	synctest.Wait()
}

func (w *world) copyTree(from, to string) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		w.t.Fatal(err)
	}
}

var errPower = errors.New("the power is out")

// blackout lets the power fail at a step of the disk, for everything that happens
// before the hub is started again, and dead happens while there is none. No cell is
// moved: a copy that peers have seen and the journal has not is made again. It
// tells whether that many steps were taken.
func (w *world) blackout(step int, during, dead func()) (failed bool) {
	synctest.Wait()
	w.dark = true
	defer func() { w.dark = false }()
	w.tell("the power goes out at step %d", step)
	journal := w.e.Journal
	journal.Fail(func(n int, _ storetest.Op, _ string) error {
		if n >= step {
			return errPower
		}
		return nil
	})
	w.e.Disk.FailWrites(func(string) error {
		if journal.Steps() >= step {
			return errPower
		}
		return nil
	})
	during()
	synctest.Wait()
	failed = journal.Steps() >= step
	journal.FailAll(errPower)
	w.e.Disk.FailWrites(func(string) error { return errPower })
	w.offline()
	w.e.Stop()
	dead()
	w.e.Start()
	synctest.Wait()
	w.tell("the power is back")
	return failed
}

// hiccup lets the journal's disk fail at a step, and take everything again later:
// the hub lives on.
func (w *world) hiccup(step int, during func()) {
	synctest.Wait()
	w.tell("the disk fails at step %d", step)
	w.e.Journal.Fail(func(n int, _ storetest.Op, _ string) error {
		if n >= step {
			return errPower
		}
		return nil
	})
	during()
	synctest.Wait()
	w.e.Journal.FailAll(nil)
	w.tell("the disk works again")
}

// settle brings everybody together and waits until the file is written.
func (w *world) settle() {
	for _, s := range w.seats {
		w.returns(s)
	}
	w.e.Watcher.Changed(filepath.Join(w.e.Dir, worldFile))
	time.Sleep(3 * time.Minute)
	synctest.Wait()
}

// check compares everybody with the hub and the file, and counts the marks.
func (w *world) check() {
	w.t.Helper()
	info := w.e.Room(w.room)
	if info.State != hub.StateLive || info.Unsaved {
		w.failf("the room is %s (%s %s), unsaved %v", info.State, info.Code, info.Reason, info.Unsaved)
	}
	list, err := w.e.Hub.Cells(ctx, w.room)
	if err != nil {
		w.t.Fatal(err)
	}
	var held []string
	var all strings.Builder
	ids := make(map[string]bool)
	for _, c := range list.Cells {
		held = append(held, c.ID+":"+c.Source)
		all.WriteString(c.Source)
		if ids[c.ID] {
			w.failf("cell %s is there twice", c.ID)
		}
		ids[c.ID] = true
	}
	if len(list.Cells) != w.cells && len(w.may) == 0 {
		w.failf("%d cells, should be %d: %q", len(list.Cells), w.cells, held)
	}
	for i, s := range w.seats {
		if got := s.p.Sources(); !slices.Equal(got, held) {
			w.failf("peer %d holds %q\nthe hub %q", i, got, held)
		}
		s.p.Read(func(doc *yjs.Doc) {
			if doc.Pending() {
				w.failf("peer %d waits for something that never comes", i)
			}
		})
	}
	w.checkMarks(all.String())
	w.checkFile(held)
}

func (w *world) checkMarks(text string) {
	w.t.Helper()
	for _, m := range w.must {
		if n := strings.Count(text, string(m)); n != 1 {
			w.failf("%c (%U) is there %d times in %q", m, m, n, text)
		}
	}
	for _, m := range w.may {
		if n := strings.Count(text, string(m)); n > 1 {
			w.failf("%c is there %d times", m, n)
		}
	}
	most := len([]rune(strings.Join(worldStart, ""))) + len(w.must) + len(w.may)
	if got := len([]rune(text)); got > most {
		w.failf("%d characters, there should be at most %d: %q", got, most, text)
	}
}

func (w *world) checkFile(held []string) {
	w.t.Helper()
	var nb struct{ Cells []map[string]any }
	if err := json.Unmarshal([]byte(w.e.Read(worldFile)), &nb); err != nil {
		w.failf("the file is damaged: %v", err)
	}
	var filed []string
	for _, cell := range nb.Cells {
		filed = append(filed, fmt.Sprintf("%v:%s", cell["id"], fileSource(cell)))
	}
	if !slices.Equal(filed, held) {
		w.failf("the file holds %q\nthe room %q", filed, held)
	}
	for _, id := range w.outer {
		if !slices.ContainsFunc(filed, func(line string) bool { return strings.HasPrefix(line, id+":") }) {
			w.failf("cell %s from outside is gone", id)
		}
	}
	entries, err := os.ReadDir(w.e.Dir)
	if err != nil || len(entries) != 1 {
		w.failf("the folder holds %v, %v", entries, err)
	}
}
