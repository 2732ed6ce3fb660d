package hub_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// largeRoot is a root whose listing takes a while.
type largeRoot struct {
	hub.Files
	walks atomic.Int64
}

func (f *largeRoot) ReadDir(dir string) ([]hub.FileStat, error) {
	if dir == "" {
		f.walks.Add(1)
		time.Sleep(time.Second)
	}
	return f.Files.ReadDir(dir)
}

// Who checks out another branch takes hundreds of open notebooks away at once.
// They are looked for together, not each by a walk of its own.
func TestSearch_RoomsWhoseFilesGoTogetherAreLookedForTogether(t *testing.T) {
	const rooms = 60
	synctest.Test(t, func(t *testing.T) {
		files := &largeRoot{}
		e := hubtest.New(t, func(o *hub.Options) {
			files.Files = o.Files
			o.Files = files
		})
		name := func(i int) string { return fmt.Sprintf("n%02d.ipynb", i) }
		var ids []uuid.UUID
		for i := range rooms {
			e.Write(name(i), hubtest.Notebook(name(i)))
			ids = append(ids, e.Open(name(i)))
			e.Join(ids[i])
		}
		e.Write("to/other.ipynb", hubtest.Notebook("other"))
		for i := range rooms { // every other one is moved
			from, to := filepath.Join(e.Dir, name(i)), filepath.Join(e.Dir, "to", name(i))
			if i%2 == 0 {
				e.Remove(name(i))
				continue
			}
			if err := os.Rename(from, to); err != nil {
				t.Fatal(err)
			}
			e.Watcher.Changed(from)
		}
		time.Sleep(20 * time.Second)
		for i, id := range ids {
			want := hub.RoomInfo{Path: name(i), State: hub.StateMissing}
			if i%2 == 1 {
				want = hub.RoomInfo{Path: "to/" + name(i), State: hub.StateLive}
			}
			if got := e.Room(id); got.Path != want.Path || got.State != want.State {
				t.Errorf("%s is %s at %s", name(i), got.State, got.Path)
			}
		}
		if n := files.walks.Load(); n > 3 {
			t.Errorf("the root was walked %d times", n)
		}
		e.Stop()
	})
}
