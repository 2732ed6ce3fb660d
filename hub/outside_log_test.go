package hub_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// A disk that takes no baseline is told of once, not with every attempt.
func TestOutside_AFailingDiskIsLoggedOnce(t *testing.T) {
	var log lines
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		e.Write("a.ipynb", hubtest.Notebook("one"))
		room := e.Open("a.ipynb")
		e.Journal.FailAll(errPower)
		e.Write("a.ipynb", hubtest.Notebook("two"))
		time.Sleep(10 * time.Minute)
		if n := log.count("not merged"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		e.Journal.FailAll(nil)
		time.Sleep(time.Minute)
		if got := e.Source(room, "a"); got != "two" {
			t.Errorf("after the disk is back the room holds %q", got)
		}
		e.Stop()
	})
}

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}
