package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
)

// Limit bounds everything in the kit that waits for a kernel.
const Limit = 30 * time.Second

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

func identity(t *testing.T, k *kernel.Kernel, _ string) {
	info := k.Info()
	if info.Spec == "" || info.Language == "" || info.PID == 0 || info.Protocol == "" || info.LanguageInfo["name"] == nil {
		t.Errorf("it says of itself: %+v", info)
	}
	stat, err := os.Stat(info.ConnectionFile)
	if err != nil || stat.Mode().Perm()&0o077 != 0 {
		t.Errorf("connection file: %v, %v", stat.Mode(), err)
	}
	if status := k.Status(); status != kernel.StatusIdle {
		t.Errorf("status is %q", status)
	}
}

func prints(stream, want string) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		events, reply := Execute(t, k, code)
		if got := Text(events, stream); !strings.Contains(got, want) || reply.Status != "ok" {
			t.Errorf("printed %q, want %q; %+v", got, want, reply)
		}
	}
}

func shows(want string) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		events, _ := Execute(t, k, code)
		for _, ev := range events {
			if (ev.Kind == kernel.KindDisplay || ev.Kind == kernel.KindResult) && strings.Contains(plain(ev), want) {
				if ev.Output["output_type"] != ev.Kind {
					t.Errorf("output of type %v in a %s", ev.Output["output_type"], ev.Kind)
				}
				return
			}
		}
		t.Errorf("shown: %v, want %q", events, want)
	}
}

func updates(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	var shown, updated kernel.Event
	for _, ev := range events {
		switch ev.Kind {
		case kernel.KindDisplay:
			shown = ev
		case kernel.KindUpdateDisplay:
			updated = ev
		}
	}
	if shown.DisplayID == "" || shown.DisplayID != updated.DisplayID ||
		!strings.Contains(plain(shown), "before") || !strings.Contains(plain(updated), "after") {
		t.Errorf("shown %v, updated %v", shown, updated)
	}
}

func clears(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	for i, ev := range events {
		if ev.Kind == kernel.KindClear && strings.Contains(Text(events[i:], "stdout"), "hello") {
			return
		}
	}
	t.Errorf("no clear_output before hello in %v", events)
}

func fails(t *testing.T, k *kernel.Kernel, code string) {
	events, reply := Execute(t, k, code)
	errs := 0
	for _, ev := range events {
		if ev.Kind == kernel.KindError {
			errs++
			if ev.Output["ename"] == nil || ev.Output["traceback"] == nil {
				t.Errorf("error without name or traceback: %v", ev.Output)
			}
		}
	}
	if reply.Status != "error" || errs != 1 || !strings.Contains(reply.Reason, "bang") {
		t.Errorf("%d errors, reply %+v; %v", errs, reply, events)
	}
}

func counts(t *testing.T, k *kernel.Kernel, code string) {
	_, first := Execute(t, k, code)
	events, second := Execute(t, k, code)
	if first.Count < 1 || second.Count != first.Count+1 {
		t.Errorf("counted %d, then %d", first.Count, second.Count)
	}
	if events[0].Kind != kernel.KindInput || events[0].Count != second.Count {
		t.Errorf("began with %+v, want execute_input %d", events[0], second.Count)
	}
}

func remembers(t *testing.T, k *kernel.Kernel, p Phrases) {
	Execute(t, k, p.Set)
	prints("stdout", "42")(t, k, p.Get)
}

func asks(secret bool) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		if err := k.Reply(t.Context(), "nobody"); !errors.Is(err, kernel.ErrNoPrompt) {
			t.Errorf("an answer to nothing: %v", err)
		}
		var events []kernel.Event
		ctx, cancel := context.WithTimeout(t.Context(), Limit)
		defer cancel()
		reply, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true}, func(ev kernel.Event) {
			events = Join(events, ev)
			if ev.Kind != kernel.KindPrompt {
				return
			}
			if ev.Prompt != "name? " || ev.Password != secret {
				t.Errorf("asked %+v", ev)
			}
			if err := k.Reply(t.Context(), "Ada Ünal"); err != nil {
				t.Error(err)
			}
			if err := k.Reply(t.Context(), "again"); !errors.Is(err, kernel.ErrNoPrompt) {
				t.Errorf("a second answer: %v", err)
			}
		})
		if err != nil || reply.Status != "ok" || !strings.Contains(Text(events, "stdout"), "hi Ada Ünal") {
			t.Errorf("%v %+v %v", events, reply, err)
		}
	}
}

func mayNotAsk(t *testing.T, k *kernel.Kernel, code string) {
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code}, func(ev kernel.Event) {
		if ev.Kind == kernel.KindPrompt {
			t.Errorf("asked %+v", ev)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func losesNothing(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	var want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if got := Text(events, "stdout"); got != want.String() {
		t.Errorf("%d bytes of %d arrived", len(got), want.Len())
	}
}

// whileRunning starts code, calls f once it runs, and returns how it ended.
func whileRunning(t *testing.T, k *kernel.Kernel, code string, f func()) (reply kernel.ExecuteReply, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	begun := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		told := false
		reply, err = k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true, StoreHistory: true}, func(ev kernel.Event) {
			if !told {
				told = true
				close(begun)
			}
		})
	}()
	select {
	case <-begun:
		Settle()
		f()
	case <-ended:
		t.Errorf("%q did nothing: %+v %v", code, reply, err)
	}
	<-ended
	return reply, err
}

// Settle gives code that has just begun the time to be in the midst of it: that a
// kernel sleeps cannot be seen from outside.
func Settle() { <-time.After(300 * time.Millisecond) }

func interrupts(t *testing.T, k *kernel.Kernel, code string) {
	reply, err := whileRunning(t, k, code, func() {
		if status := k.Status(); status != kernel.StatusBusy {
			t.Errorf("status of a running kernel is %q", status)
		}
		if err := k.Interrupt(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err != nil || reply.Status == "ok" {
		t.Errorf("an interrupted execution ended in %+v, %v", reply, err)
	}
}

func interruptsPrompt(t *testing.T, k *kernel.Kernel, code string) {
	asked, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		<-asked
		if err := k.Interrupt(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true}, func(ev kernel.Event) {
		if ev.Kind == kernel.KindPrompt {
			Settle()
			close(asked)
		}
	})
	<-done
	if err != nil {
		t.Errorf("an interrupted prompt ended in %v", err)
	}
	if err := k.Reply(t.Context(), "late"); !errors.Is(err, kernel.ErrNoPrompt) {
		t.Errorf("an answer too late: %v", err)
	}
}

func ignoresIdleInterrupt(t *testing.T, k *kernel.Kernel, code string) {
	if err := k.Interrupt(t.Context()); err != nil {
		t.Error(err)
	}
	prints("stdout", "hello")(t, k, code)
}

func abandons(t *testing.T, k *kernel.Kernel, code string) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	go func() {
		<-begun
		cancel()
	}()
	once := false
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code}, func(kernel.Event) {
		if !once {
			once = true
			close(begun)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("left alone it ended in %v", err)
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func completes(t *testing.T, k *kernel.Kernel, code, want string) {
	reply, err := k.Complete(t.Context(), code, len([]rune(code)))
	matches, _ := reply["matches"].([]any)
	for _, m := range matches {
		if m == want {
			return
		}
	}
	t.Errorf("%v, %v; want %q", reply, err, want)
}

func inspects(t *testing.T, k *kernel.Kernel, code string) {
	reply, err := k.Inspect(t.Context(), code, len([]rune(code)), 0)
	if err != nil || reply["found"] != true {
		t.Errorf("%v, %v", reply, err)
	}
}

func history(t *testing.T, k *kernel.Kernel, code string) {
	Execute(t, k, code)
	inputs, err := k.History(t.Context(), 10)
	if err != nil || len(inputs) == 0 || inputs[len(inputs)-1] != code {
		t.Errorf("%q, %v", inputs, err)
	}
}

func restarts(t *testing.T, k *kernel.Kernel, p Phrases) {
	Execute(t, k, p.Set)
	before := k.Info()
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := k.Info()
	if before.PID == after.PID || before.ConnectionFile == after.ConnectionFile {
		t.Errorf("the same process: %+v", after)
	}
	if _, err := os.Stat(before.ConnectionFile); err == nil {
		t.Error("the former connection file is there still")
	}
	if _, reply := Execute(t, k, p.Get); reply.Status != "error" {
		t.Errorf("it remembers: %+v", reply)
	}
}

func restartEnds(t *testing.T, k *kernel.Kernel, code string) {
	_, err := whileRunning(t, k, code, func() {
		if err := k.Restart(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, kernel.ErrRestarted) {
		t.Errorf("what ran ended in %v", err)
	}
}

func leavesNothing(t *testing.T, k *kernel.Kernel, code string) {
	info := k.Info()
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(info.ConnectionFile)); err == nil {
		t.Error("its folder is there still")
	}
	if Alive(info.PID) {
		t.Error("its process is there still")
	}
	if !errors.Is(k.Err(), kernel.ErrGone) || k.Status() != kernel.StatusDead {
		t.Errorf("it ended in %v, %s", k.Err(), k.Status())
	}
	if _, _, err := execute(t.Context(), k, code); !errors.Is(err, kernel.ErrGone) {
		t.Errorf("a kernel that is gone executes: %v", err)
	}
	if err := k.Shutdown(t.Context()); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func dies(t *testing.T, k *kernel.Kernel, code string) {
	_, _, err := execute(t.Context(), k, code)
	var death *kernel.DeathError
	if !errors.As(err, &death) || !strings.Contains(death.Status, "3") {
		t.Errorf("it died of %v", err)
	}
	<-k.Done()
	if !errors.As(k.Err(), &death) || death.Interrupted {
		t.Errorf("it is gone for %v", k.Err())
	}
}

func killed(t *testing.T, k *kernel.Kernel, code string) {
	pid := k.Info().PID
	_, err := whileRunning(t, k, code, func() { kill(pid) })
	var death *kernel.DeathError
	if !errors.As(err, &death) {
		t.Errorf("it ended in %v", err)
	}
	<-k.Done()
}
