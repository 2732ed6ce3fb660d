package hub_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store/storetest"
	"github.com/notebookhub/hub/hub/yjs"
)

// The power may fail at any step of the disk while changes from outside are
// merged, people type and the file is saved; and before the hub is back the file
// changes again. Whatever was on its way, every side's edits are there once.
func TestCrash_AtEveryStepOfMergesAndSavesDoublesNothing(t *testing.T) {
	stories := uint64(4) // in a quick test each takes some of the steps
	stride := int(stories)
	if *worldSeeds != 0 {
		stories, stride = *worldSeeds, 1
	}
	for story := range stories {
		t.Run(fmt.Sprintf("story-%d", story), func(t *testing.T) {
			step := 1 + int(story)%stride
			for more := true; more; step += stride {
				synctest.Test(t, func(t *testing.T) { more = crashAtStep(t, story, step) })
			}
			if step < 40 {
				t.Errorf("the story had less than %d steps", step)
			}
		})
	}
}

// crashAtStep tells one story, in which the power fails at a step, and whether the
// story had that many.
func crashAtStep(t *testing.T, story uint64, step int) (failed bool) {
	w := newWorld(t, story^0xdead, 2)
	w.types(w.seats[0])
	synctest.Wait()
	failed = w.blackout(step, func() {
		for range 2 {
			w.outside()
			w.e.Watcher.Changed(filepath.Join(w.e.Dir, worldFile))
			w.types(w.seats[0])
			synctest.Wait()
			w.types(w.seats[1])
			time.Sleep(time.Second)
			w.saves()
			w.types(w.seats[0])
			time.Sleep(10 * time.Second) // the file is saved by itself
		}
	}, w.outside)
	w.settle()
	w.check()
	w.e.Stop()
	return failed
}

// A crash in front of the baseline, and a change of the file before the hub is back
// that touches what had just been merged, or saved: comparing texts would not know
// what is whose.
func TestCrash_BeforeTheBaselineMoves(t *testing.T) {
	for name, bring := range map[string]func(*hubtest.Env, uuid.UUID){
		"merge": func(e *hubtest.Env, room uuid.UUID) {
			e.Write("a.ipynb", hubtest.Notebook("aXb"))
			await(e.T, "merge", func() bool { return e.Source(room, "a") == "aXb" })
		},
		"save": func(e *hubtest.Env, room uuid.UUID) {
			e.SetSource(room, "a", "aXb")
			if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
				e.T.Fatal(err)
			}
		},
	} {
		for _, later := range []string{"aZXb", "aXZb", "ZaXb", "aXbZ", "aZb", "ZXba"} {
			t.Run(name+" "+later, func(t *testing.T) {
				e := hubtest.New(t, nil)
				e.Write("a.ipynb", hubtest.Notebook("ab"))
				room := e.Open("a.ipynb")
				e.Journal.Fail(func(_ int, op storetest.Op, name string) error {
					if op == storetest.Rename && filepath.Base(name) == "baseline" {
						return os.ErrInvalid
					}
					return nil
				})
				bring(e, room)
				e.SetSource(room, "a", "aYXb")
				after := killed(t, e)
				e.Journal.FailAll(nil)
				after.Write("a.ipynb", hubtest.Notebook(later))
				after.Open("a.ipynb")
				await(t, "the change", func() bool { return strings.Contains(after.Source(room, "a"), "Z") })
				got := after.Source(room, "a")
				for _, r := range later + "Y" {
					if strings.Count(got, string(r)) != 1 {
						t.Errorf("the file was changed to %q, and the room holds %q", later, got)
					}
				}
			})
		}
	}
}

// What the hub makes of a peer's edit to put it right is shown to nobody before
// the disk has it: the author repeats the edit after a crash, and the hub puts it
// right once more.
func TestCrash_WhatTheHubPutsRightIsNotThereTwice(t *testing.T) {
	moved := func(source string) func(*yjs.Doc, *yjs.Txn) {
		return func(doc *yjs.Doc, tx *yjs.Txn) {
			doc.Array("cells").Delete(tx, 0, 1)
			doc.Array("cells").Insert(tx, 1, yjs.MapOf(
				yjs.Entry{Key: "source", Value: yjs.TextOf(source)}, yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
				yjs.Entry{Key: "cell_type", Value: "code"}, yjs.Entry{Key: "id", Value: "a"},
				yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()}, yjs.Entry{Key: "execution_count", Value: nil}))
		}
	}
	for name, edit := range map[string]func(p *hubtest.Peer){
		"text for a cell that moved": func(p *hubtest.Peer) { p.Type("a", "one, late") },
		"a second copy of the cell":  func(p *hubtest.Peer) { p.Edit(moved("one, late")) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				p, q := e.Join(room), e.Join(room)
				p.Drop()
				q.Edit(moved("one"))
				edit(p)
				kept := twin(t, p.Doc())
				time.Sleep(time.Minute)
				mend := failingJournal(e)
				p = e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
				see(t, "b:two a:one", q)
				p.Drop()
				q.Drop()
				later := killed(t, e)
				mend()
				for _, doc := range []*yjs.Doc{kept, q.Doc(), p.Doc()} {
					see(t, "b:two a:one, late", later.JoinAs(room, hubtest.JoinAs{Doc: doc}))
				}
				later.Stop()
			})
		})
	}
}

// twin is another document with the same content.
func twin(t *testing.T, doc *yjs.Doc) *yjs.Doc {
	t.Helper()
	state, err := doc.EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	other := yjs.NewDoc(yjs.Options{})
	if _, err := other.Apply(state, nil); err != nil {
		t.Fatal(err)
	}
	return other
}

// A merge whose baseline the disk refused is finished before the next one begins:
// else nobody would know after a crash where that one started from.
func TestCrash_AMergeBeginsWhereTheLastOneEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("ab"))
		room := e.Open("a.ipynb")
		e.Journal.Fail(func(_ int, op storetest.Op, name string) error {
			if op == storetest.Rename && filepath.Base(name) == "baseline" {
				return os.ErrInvalid
			}
			return nil
		})
		e.Write("a.ipynb", hubtest.Notebook("aXb"))
		time.Sleep(10 * time.Second)
		e.SetSource(room, "a", "aYXb")
		e.Write("a.ipynb", hubtest.Notebook("aXZb"))
		time.Sleep(10 * time.Second)
		after := killed(t, e)
		e.Journal.FailAll(nil)
		after.Write("a.ipynb", hubtest.Notebook("aXWZb"))
		after.Open("a.ipynb")
		time.Sleep(10 * time.Second)
		got := after.Source(room, "a")
		for _, r := range "aXYZWb" {
			if strings.Count(got, string(r)) != 1 {
				t.Errorf("the room holds %q", got)
			}
		}
		after.Stop()
		e.Stop()
	})
}
