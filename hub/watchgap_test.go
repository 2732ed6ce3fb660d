package hub_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// tardy is a watcher before whose watch something happens.
type tardy struct {
	hub.Watcher
	before func()
}

func (w tardy) Watch(path string, changed func()) (stop func(), err error) {
	w.before()
	return w.Watcher.Watch(path, changed)
}

// A room watches its file before it looks at it: nobody would tell of a change in
// between.
func TestOpen_NothingFallsBetweenTheFirstLookAndTheWatch(t *testing.T) {
	var e *hubtest.Env
	var once sync.Once
	e = hubtest.New(t, func(o *hub.Options) {
		o.Watcher = tardy{o.Watcher, func() {
			once.Do(func() {
				if err := os.WriteFile(filepath.Join(e.Dir, "a.ipynb"), []byte(hubtest.Notebook("after")), 0o600); err != nil {
					t.Error(err)
				}
			})
		}}
	})
	e.Write("a.ipynb", hubtest.Notebook("before"))
	room := e.Open("a.ipynb")
	await(t, "the change", func() bool { return e.Source(room, "a") == "after" })
}
