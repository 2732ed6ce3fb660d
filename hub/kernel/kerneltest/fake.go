package kerneltest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

// fake is a kernel that runs in this process.
type fake struct {
	*server
	serial    atomic.Int64
	interrupt chan struct{} // room for one
	answers   chan string
	requests  chan request // to the goroutine that executes

	mu              sync.Mutex
	history         []string          // guarded by mu
	vars            map[string]string // of the executing goroutine
	left, lingering []func()          // of the executing goroutine: what is said after it is idle, when the next execution begins
	count           int               // of the executing goroutine
}

type request struct {
	from *zmtp.Conn
	m    jupyter.Message
}

// fakeMain is the fake's program.
func fakeMain(file string, start []string) int {
	f := &fake{
		server: &server{start: map[string]bool{}}, interrupt: make(chan struct{}, 1), answers: make(chan string, 1),
		requests: make(chan request, 1000), vars: map[string]string{},
	}
	for _, word := range start {
		f.start[word] = true
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &f.connection)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if f.dies() {
		fmt.Fprintln(os.Stderr, "ModuleNotFoundError: No module named 'fake'")
		return 1
	}
	if f.start["chatty"] {
		fmt.Fprintln(os.Stderr, "warning: the modules are frozen")
	}
	if f.start["hang"] || f.start["hang-later"] && !firstTime("hung-later") {
		select {}
	}
	if f.start["slow"] {
		time.Sleep(300 * time.Millisecond)
	}
	f.codec, f.handle = jupyter.NewCodec(f.connection.Key), f.take
	go f.heed()
	if err := f.listen(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for r := range f.requests {
		f.run(r)
	}
	return 0
}

func (f *fake) dies() bool {
	return f.start["die"] || f.start["die-once"] && firstTime("died-once")
}

// firstTime tells whether a fake is in this folder for the first time.
func firstTime(name string) bool {
	marker := filepath.Join(os.Getenv("PWD"), name)
	_, err := os.Stat(marker)
	return err != nil && os.WriteFile(marker, nil, 0o600) == nil
}

// heed turns signals into interrupts.
func (f *fake) heed() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT)
	for range signals {
		f.stopRunning()
	}
}

func (f *fake) stopRunning() {
	select {
	case f.interrupt <- struct{}{}:
	default:
	}
}

// take handles a message; what executes waits for its turn.
func (f *fake) take(ch jupyter.Channel, from *zmtp.Conn, m jupyter.Message) {
	switch m.Header.Type {
	case "shutdown_request":
		if !f.start["stay"] {
			f.reply(from, m, map[string]any{"status": "ok", "restart": false})
			os.Exit(0)
		}
	case "interrupt_request":
		f.stopRunning()
		f.reply(from, m, map[string]any{"status": "ok"})
	case "input_reply":
		var c struct{ Value string }
		_ = json.Unmarshal(m.Content, &c)
		f.answers <- c.Value
	default:
		if ch == jupyter.Shell && !f.start["mute"] {
			f.requests <- request{from, m}
		}
	}
}

// run answers a request on the shell channel.
func (f *fake) run(r request) {
	f.say(r.m, "status", map[string]any{"execution_state": "busy"})
	idle := true
	switch r.m.Header.Type {
	case "execute_request":
		idle = f.execute(r)
	case "kernel_info_request":
		f.reply(r.from, r.m, map[string]any{
			"status": "ok", "protocol_version": jupyter.Version, "implementation": "fake", "banner": "A fake",
			"language_info": map[string]any{"name": "fake", "file_extension": ".fake"},
		})
	case "complete_request":
		f.reply(r.from, r.m, map[string]any{
			"status": "ok", "matches": []string{"print", "printer"}, "cursor_start": 0, "cursor_end": 4, "metadata": struct{}{},
		})
	case "inspect_request":
		f.reply(r.from, r.m, map[string]any{"status": "ok", "found": true, "data": map[string]any{"text/plain": "a word"}, "metadata": struct{}{}})
	case "is_complete_request":
		f.reply(r.from, r.m, map[string]any{"status": "complete"})
	case "history_request":
		f.reply(r.from, r.m, map[string]any{"status": "ok", "history": f.past()})
	}
	if idle {
		f.say(r.m, "status", map[string]any{"execution_state": "idle"})
	}
	sayAll(&f.left)
}

func (f *fake) past() [][]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := [][]any{}
	for i, h := range f.history {
		entries = append(entries, []any{1, i + 1, h})
	}
	return entries
}

func (f *fake) header(kind string) jupyter.Header {
	return jupyter.Header{
		ID: fmt.Sprintf("fake-%d", f.serial.Add(1)), Session: "fake", Username: "fake", Type: kind,
		Version: jupyter.Version, Date: time.Now().UTC().Format(time.RFC3339Nano),
	}
}

// say publishes a message on iopub.
func (f *fake) say(parent jupyter.Message, kind string, content any) {
	f.publish(f.frames(parent, kind, content))
}

func (f *fake) frames(parent jupyter.Message, kind string, content any) [][]byte {
	frames, err := f.codec.Encode([][]byte{[]byte("kernel.fake." + kind)}, f.header(kind), parent.RawHeader, content)
	if err != nil {
		panic(err)
	}
	return frames
}

func (f *fake) reply(to *zmtp.Conn, m jupyter.Message, content any) {
	kind := m.Header.Type[:len(m.Header.Type)-len("request")] + "reply"
	frames, err := f.codec.Encode(nil, f.header(kind), m.RawHeader, content)
	if err != nil {
		panic(err)
	}
	_ = to.Send(frames...)
}
