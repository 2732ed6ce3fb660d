package hub_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// What was typed last is part of what a delete-all takes away, however long ago
// that was.
func TestDeleteAll_KeepsWhatWasTypedLast(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, begun")
		time.Sleep(time.Second)
		p.Type("a", "one, begun and ended")
		time.Sleep(time.Minute)
		p.Delete(0, 2)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, begun and ended", "two")) {
			t.Error("the last second of typing was not kept")
		}
	})
}

// Scripts and impatient people delete cells one by one.
func TestDeleteAll_OneCellAfterTheOtherIsKeptWhole(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, edited")
		time.Sleep(time.Minute)
		p.Delete(0, 1)
		time.Sleep(4 * time.Second)
		p.Delete(0, 1)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, edited", "two")) {
			t.Error("the cell that went first was not kept")
		}
	})
}

// A cell that was deleted for good is not kept for ever.
func TestDeleteAll_DoesNotKeepWhatWentLongBefore(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Delete(1, 1)
		time.Sleep(time.Minute)
		p.Delete(0, 1)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one")) {
			t.Error("what stood for a minute was not kept")
		}
	})
}

// A program that read the file before people typed, and writes it back after
// that was saved, takes their text out. It cannot be told from somebody who
// wants that; so it happens, and the text is kept.
func TestOutside_TextTypedHereIsKeptWhenAStaleCopyTakesItOut(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		stale := e.Read("a.ipynb")
		p.Type("a", "one, with a long thought")
		time.Sleep(10 * time.Second)
		e.Write("a.ipynb", strings.Replace(stale, "two", "two, executed", 1))
		p.AwaitSources("a:one", "b:two, executed")
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, with a long thought", "two")) {
			t.Error("what was typed is nowhere")
		}
	})
}

// Text that was not typed here is kept by whoever changes it, and text that
// comes takes nothing away.
func TestOutside_ChangesOfOthersTextKeepNothing(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		for _, content := range [][]string{{"one", "2"}, {"one", "3"}} {
			e.Write("a.ipynb", hubtest.Notebook(content...))
			p.AwaitSource("b", content[1])
		}
		p.Type("a", "one, edited")
		time.Sleep(10 * time.Second)
		e.Write("a.ipynb", hubtest.Notebook("one, edited twice", "4"))
		p.AwaitSources("a:one, edited twice", "b:4")
		time.Sleep(5 * time.Second)
		if versions, err := e.Hub.Versions(ctx, room); err != nil || len(versions) != 0 {
			t.Errorf("kept %+v, %v", versions, err)
		}
	})
}

// Nothing is known of who typed what before the hub started; so what goes is
// kept.
func TestOutside_TextTypedBeforeARestartIsKept(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		stale := e.Read("a.ipynb")
		p.Type("a", "one, with a long thought")
		time.Sleep(10 * time.Second)
		e.Stop()
		e.Write("a.ipynb", strings.Replace(stale, "two", "two, executed", 1))
		e.Start()
		e.Join(room).AwaitSources("a:one", "b:two, executed")
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, with a long thought", "two")) {
			t.Error("what was typed is nowhere")
		}
	})
}

// An empty file holds nothing that could be kept, and is no reason to keep the
// room from its file.
func TestResolve_AnEmptyFileGivesWay(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		e.Write("a.ipynb", "")
		p.AwaitValue("hub", "state", "name", "conflict")
		if _, err := e.Hub.Resolve(ctx, room, "room", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if got := e.Read("a.ipynb"); got != hubtest.Notebook("one", "two") {
			t.Errorf("the file holds %q", got)
		}
	})
}

// So for a file that is replaced with consent.
func TestSaveAs_OverAnEmptyFile(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Write("b.ipynb", "")
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "b.ipynb", Overwrite: true}); err != nil {
			t.Fatal(err)
		}
	})
}

// An empty file can be deleted, and written over.
func TestFiles_AnEmptyFileIsDeletedAndReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, _ uuid.UUID) {
		e.Write("b.ipynb", "")
		if _, _, err := e.Hub.WriteFile(ctx, "b.ipynb", []byte(hubtest.Notebook("x")), "", hub.Client{}); err != nil {
			t.Errorf("written over: %v", err)
		}
		e.Write("c.ipynb", "")
		entry, err := e.Hub.DeleteFile(ctx, "c.ipynb", hub.Client{})
		if err != nil {
			t.Fatalf("deleted: %v", err)
		}
		if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "", hub.Client{}); err != nil {
			t.Errorf("restored: %v", err)
		}
	})
}

// withoutIDs spells a notebook as programs did before cells had ids.
func withoutIDs(sources ...string) string {
	text := strings.Replace(hubtest.Notebook(sources...), `"nbformat_minor": 5`, `"nbformat_minor": 4`, 1)
	for i := range sources {
		text = strings.Replace(text, `   "id": "`+string(rune('a'+i))+"\",\n", "", 1)
	}
	return text
}

// The ids of cells that have none in the file are the room's alone, and those
// who run or comment on a cell name it by them: whatever brings a whole notebook
// leaves them alone.
func TestIDs_StayWhenAWholeNotebookIsBrought(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", withoutIDs("one", "two", "three"))
		room := e.Open("a.ipynb")
		peer := e.Join(room)
		ids := func() (ids []string) {
			list, err := e.Hub.Cells(ctx, room)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list.Cells {
				ids = append(ids, c.ID)
			}
			return ids
		}
		were := ids()
		stay := func(after string, sources ...string) {
			t.Helper()
			want := make([]string, len(were))
			for i, id := range were {
				want[i] = id + ":" + sources[i]
			}
			if got := ids(); !slices.Equal(got, were) {
				t.Errorf("%s: the ids are %v, and were %v", after, got, were)
				return
			}
			peer.AwaitSources(want...)
		}
		v, err := e.Hub.KeepVersion(ctx, room, hub.Client{})
		if err != nil {
			t.Fatal(err)
		}
		e.SetSource(room, were[1], "two, edited")
		if _, err := e.Hub.RestoreVersion(ctx, room, v.ID, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		stay("restored", "one", "two", "three")
		if _, err := e.Hub.PutNotebook(ctx, room, []byte(withoutIDs("one", "two, put", "three")), "", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		stay("put", "one", "two, put", "three")
		e.SetSource(room, were[2], "three, edited")
		e.Write("a.ipynb", withoutIDs("one", "two, put"))
		peer.AwaitValue("hub", "state", "name", "conflict")
		if _, err := e.Hub.Resolve(ctx, room, "disk", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		were = were[:2]
		stay("decided", "one", "two, put")
		peer.Drop()
		e.Stop()
	})
}

// writtenMeanwhile is a disk on which somebody writes a file right after it was
// read.
type writtenMeanwhile struct {
	hub.Files
	write func()
}

func (f *writtenMeanwhile) Read(p string, limit int64) (hub.FileContent, error) {
	content, err := f.Files.Read(p, limit)
	if write := f.write; write != nil {
		f.write = nil
		write()
	}
	return content, err
}

// What is written while a deleted file is copied to the trash is in the trash.
func TestTrash_HasWhatWasWrittenLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := &writtenMeanwhile{}
		e := hubtest.New(t, func(o *hub.Options) {
			files.Files = o.Files
			o.Files = files
		})
		e.Write("a.ipynb", hubtest.Notebook("old"))
		files.write = func() { e.Write("a.ipynb", hubtest.Notebook("written last")) }
		entry, err := e.Hub.DeleteFile(ctx, "a.ipynb", hub.Client{})
		if err != nil {
			t.Fatal(err)
		}
		if list, err := e.Hub.Trash(ctx); err != nil || len(list) != 1 {
			t.Errorf("the trash holds %+v, %v", list, err)
		}
		if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if got := e.Read("a.ipynb"); got != hubtest.Notebook("written last") {
			t.Errorf("it came back as %s", got)
		}
		e.Stop()
	})
}

// What a whole notebook is put over is kept before it goes: a crash in between
// would leave neither.
func TestVersions_TheFormerStateIsKeptBeforeItIsOverwritten(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("former"))
	room := e.Open("a.ipynb")
	release := stuckJournal(e)
	put := make(chan error, 1)
	go func() {
		_, err := e.Hub.PutNotebook(ctx, room, []byte(hubtest.Notebook("new")), "", hub.Client{})
		put <- err
	}()
	await(t, "the edit", func() bool { return e.Source(room, "a") == "new" })
	if list, err := e.Hub.Versions(ctx, room); err != nil || len(list) != 1 || list[0].Reason != "overwrite" {
		t.Errorf("while the edit waits for the disk: %+v, %v", list, err)
	}
	release()
	if err := <-put; err != nil {
		t.Error(err)
	}
	if _, err := e.Hub.PutNotebook(ctx, room, []byte(hubtest.Notebook("new")), "", hub.Client{}); err != nil {
		t.Error(err)
	}
	if list, _ := e.Hub.Versions(ctx, room); len(list) != 1 {
		t.Errorf("the same once more: %+v", list)
	}
}
