package kerneltest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
)

// Limit bounds everything in the kit that waits for a kernel.
const Limit = 2 * time.Minute

// Phrases are pieces of code that say the same in a kernel's language. An empty
// one is something that the kernel cannot do, and is not tested.
type Phrases struct {
	Print      string // prints "hello" on stdout
	PrintError string // prints "oops" on stderr
	Value      string // its value, 1+1, is shown
	Set, Get   string // Set keeps 41 in a variable, Get prints one more
	Fail       string // fails with a text that has "bang"
	Show       string // shows "shown"
	Update     string // shows "before" and turns it into "after"
	Clear      string // shows something, clears it, and prints "hello"
	Sleep      string // sleeps at least 100 seconds and can be interrupted
	Ask        string // asks "name? " and prints "hi " and the answer
	Password   string // the same, hidden
	Where      string // prints the working folder
	Die        string // ends the process with exit status 3
	Lines      string // prints 5000 lines "line 0" to "line 4999"
	Prefix     string // code that ends in a name to complete
	Completion string // one of the matches
	Known      string // a name to inspect
	History    bool   // the kernel keeps a history
}

// Start starts a fresh kernel in the folder dir for a test, which shuts it down.
type Start func(t *testing.T, dir string) *kernel.Kernel

// Run tests that a kernel does what the hub relies on. One kernel serves most
// tests in turn, so that each also shows that the one before did no harm.
func Run(t *testing.T, start Start, p Phrases) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := start(t, dir)
	for _, test := range []struct {
		name string
		code string
		run  func(*testing.T, *kernel.Kernel, string)
	}{
		{"tells who it is", p.Print, identity},
		{"prints", p.Print, prints("stdout", "hello")},
		{"prints errors", p.PrintError, prints("stderr", "oops")},
		{"shows values", p.Value, shows("2")},
		{"shows displays", p.Show, shows("shown")},
		{"updates displays", p.Update, updates},
		{"clears", p.Clear, clears},
		{"fails", p.Fail, fails},
		{"lives on after failing", p.Print, prints("stdout", "hello")},
		{"counts", p.Print, counts},
		{"remembers", p.Get, func(t *testing.T, k *kernel.Kernel, _ string) { remembers(t, k, p) }},
		{"asks", p.Ask, asks(false)},
		{"asks secretly", p.Password, asks(true)},
		{"does not ask when it may not", p.Ask, mayNotAsk},
		{"loses no line", p.Lines, losesNothing},
		{"runs in the notebook's folder", p.Where, prints("stdout", filepath.Base(dir))},
		{"stops when interrupted", p.Sleep, interrupts},
		{"stops asking when interrupted", p.Ask, interruptsPrompt},
		{"lives on after an interrupt", p.Print, prints("stdout", "hello")},
		{"heeds an interrupt only while it runs", p.Print, ignoresIdleInterrupt},
		{"can be left alone", p.Sleep, abandons},
		{"completes", p.Prefix, func(t *testing.T, k *kernel.Kernel, code string) { completes(t, k, code, p.Completion) }},
		{"inspects", p.Known, inspects},
		{"keeps history", map[bool]string{true: p.Print}[p.History], history},
		{"restarts", p.Get, func(t *testing.T, k *kernel.Kernel, _ string) { restarts(t, k, p) }},
		{"ends what runs when restarted", p.Sleep, restartEnds},
		{"runs after restarts", p.Print, prints("stdout", "hello")},
		{"leaves nothing", p.Print, leavesNothing},
	} {
		if test.code != "" {
			t.Run(test.name, func(t *testing.T) { test.run(t, k, test.code) })
		}
	}
	t.Run("tells how it died", func(t *testing.T) { dies(t, start(t, dir), p.Die) })
	t.Run("can be killed while it runs", func(t *testing.T) { killed(t, start(t, dir), p.Sleep) })
}

// Execute runs code and returns what it did, with texts of one stream joined.
func Execute(t testing.TB, k *kernel.Kernel, code string) ([]kernel.Event, kernel.ExecuteReply) {
	t.Helper()
	events, reply, err := execute(t.Context(), k, code)
	if err != nil {
		t.Fatalf("%q: %v", code, err)
	}
	return events, reply
}

func execute(ctx context.Context, k *kernel.Kernel, code string) (events []kernel.Event, reply kernel.ExecuteReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	req := kernel.ExecuteRequest{Code: code, StoreHistory: true, AllowStdin: true}
	reply, err = k.Execute(ctx, req, func(ev kernel.Event) { events = Join(events, ev) })
	return events, reply, err
}

// Join appends an event, or its text to the last one of the same stream.
func Join(events []kernel.Event, ev kernel.Event) []kernel.Event {
	if n := len(events); n > 0 && ev.Kind == kernel.KindStream && events[n-1].Kind == ev.Kind && events[n-1].Name == ev.Name {
		events[n-1].Text += ev.Text
		return events
	}
	return append(events, ev)
}

// Text is all that events printed on a stream.
func Text(events []kernel.Event, stream string) string {
	var text strings.Builder
	for _, ev := range events {
		if ev.Kind == kernel.KindStream && ev.Name == stream {
			text.WriteString(ev.Text)
		}
	}
	return text.String()
}

// plain is an output's plain text.
func plain(ev kernel.Event) string {
	data, _ := ev.Output["data"].(map[string]any)
	text, _ := data["text/plain"].(string)
	return text
}
