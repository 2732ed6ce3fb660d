package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/store"
)

// A bug of ours is a 500 that tells nothing, and a line in the log that tells
// all.
func TestServing_APanicIsA500(t *testing.T) {
	var log bytes.Buffer
	h := New(Options{Auth: Auth{Token: testToken}, Logger: slog.New(slog.NewTextHandler(&log, nil))}) // no hub
	r := httptest.NewRequest("GET", "http://localhost/api/v1/rooms", nil)
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal"`) || strings.Contains(w.Body.String(), "nil pointer") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	spec.schema(t, "Problem", w.Body.Bytes())
	for _, part := range []string{"nil pointer", "stack=", "level=ERROR", "status=500"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %q: %s", part, log.String())
		}
	}
}

// An answer that has begun is cut, so that nobody takes it for whole.
func TestServing_APanicHalfWayCutsTheAnswer(t *testing.T) {
	s := newServer(Options{})
	h := s.observe(s.safely(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("half way")
	})))
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler {
			t.Errorf("recovered %v", cause)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	t.Error("the answer went on")
}

// A client that has gone is sent nothing and is no failure of ours.
func TestServing_AClientThatHasGone(t *testing.T) {
	var log bytes.Buffer
	s := newServer(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	h := s.observe(s.safely(s.handle(func(http.ResponseWriter, *http.Request) error { return ctx.Err() })))
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Body.Len() > 0 || strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("answered %q, logged %s", w.Body, log.String())
	}
}

// recorder keeps what a stream sends. Its clock is the test's.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
	head http.Header
}

func (r *recorder) Header() http.Header { return r.head }
func (r *recorder) WriteHeader(int)     {}
func (r *recorder) Flush()              {}
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *recorder) count(part string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.text.String(), part)
}

// inVirtualTime tells a story about a hub whose clock goes on only while
// everybody waits.
func inVirtualTime(t *testing.T, kernels hub.Kernels, story func(t *testing.T, h *hub.Hub)) {
	root, state := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.ipynb"), []byte(twentyCells()), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		files, folder, err := hub.OpenRoot(root)
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		st, err := store.Open(state, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		h, err := hub.New(t.Context(), hub.Options{Files: files, Store: st, Kernels: kernels})
		if err != nil {
			t.Fatal(err)
		}
		story(t, h)
		if err := h.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// twentyCells is a notebook whose code cells c0 to c19 hold their numbers.
func twentyCells() string {
	var sources []string
	for i := range 20 {
		sources = append(sources, fmt.Sprint(i))
	}
	return codeNotebook(sources...)
}

// A quiet stream says every 15 seconds that it lives, and nothing more.
func TestEvents_Heartbeat(t *testing.T) {
	inVirtualTime(t, nil, func(t *testing.T, h *hub.Hub) {
		s := newServer(Options{Hub: h, Auth: Auth{Token: testToken}})
		ctx, leave := context.WithCancel(t.Context())
		w, gone := &recorder{head: http.Header{}}, make(chan struct{})
		go func() {
			defer close(gone)
			_ = s.followHub(w, httptest.NewRequest("GET", "/api/v1/events", nil).WithContext(ctx))
		}()
		for beats := range 5 {
			synctest.Wait()
			if got := w.count(": \n\n"); got != beats {
				t.Errorf("%d heartbeats after %d times 15 s", got, beats)
			}
			time.Sleep(heartbeat)
		}
		leave()
		<-gone
	})
}
