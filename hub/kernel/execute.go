package kernel

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/notebook"
)

// settleTime is how long an execution that has its reply waits for the kernel to
// say that it is idle, counted from the last output: that word can be lost.
const settleTime = 3 * time.Second

// Deno says that it is idle while most of what was printed is still in a pipe of
// its own. An execution on it lingers until nothing has come for a while, longer
// when it has printed; at most for lingerLimit, as code that prints by a timer
// prints for ever.
const (
	lingerSilent = 100 * time.Millisecond
	lingerLoud   = 500 * time.Millisecond
	lingerLimit  = 10 * time.Second
)

// ExecuteRequest is code to run.
type ExecuteRequest struct {
	Code         string
	StopOnError  bool // have the kernel refuse requests that it already holds when this one fails
	AllowStdin   bool // whether input() may ask
	Silent       bool // no outputs, no count
	StoreHistory bool

	// Late, when set, takes what the code does after Execute has returned without
	// an error, as threads that it left behind do: in order, one event at a time,
	// until the process ends or many others have run. While it does not return,
	// all outputs of the kernel wait.
	Late func(Event)
}

// lateRuns is how many runs may have something to say after their end.
const lateRuns = 1000

// ExecuteReply is how an execution ended.
type ExecuteReply struct {
	Status string     // ok, error or aborted
	Count  int64      // execution count; 0 when the kernel told none
	Reason string     // name and text of the error
	Next   *NextInput // what the code wants to be put into a cell; nil mostly
}

// NextInput is text for a cell, which code such as %load asks for.
type NextInput struct {
	Text    string
	Replace bool // in place of the cell that ran, else in a new cell below
}

// run is one execution while Execute waits for it.
type run struct {
	// Static.
	id     string
	events chan Event    // from the dispatcher; never closed
	idle   chan struct{} // closed when the kernel says that it is
	over   chan struct{} // closed when Execute has returned
	stem   func()        // interrupts it, because it floods us
	sink   func(Event)
	stdin  bool // it may ask

	once    sync.Once   // for idle
	stemmed atomic.Bool // stem was called

	mu     sync.Mutex       // also orders prompt and over
	prompt *jupyter.Message // guarded by mu: what it asks now

	// Owned by Execute's goroutine.
	reply   <-chan jupyter.Message // nil when it was taken
	end     ExecuteReply
	failed  bool            // an error was among the events
	printed bool            // text was
	fault   notebook.Output // the error that the reply names
	pages   []object        // to show at the end
	quits   bool            // the code wants the kernel to end
}

func (r *run) rested() { r.once.Do(func() { close(r.idle) }) }

// ask notes a prompt; false means that the run is over.
func (r *run) ask(m jupyter.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.over:
		return false
	default:
		r.prompt = &m
		return true
	}
}

// asked is what the run asks now, or nil.
func (r *run) asked() *jupyter.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.prompt
}

// answered takes the prompt m, or with nil whichever there is, to be answered by
// nobody else.
func (r *run) answered(m *jupyter.Message) *jupyter.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m != nil && m != r.prompt {
		return nil
	}
	m, r.prompt = r.prompt, nil
	return m
}

// Execute runs code and hands what it does to sink, in order, on the calling
// goroutine, until the kernel's reply and the last output are in; while sink does
// not return, outputs wait. One Execute runs at a time: others wait for their
// turn.
//
// The error is a [*DeathError], [ErrRestarted], [ErrGone] or ctx's: then the code
// may still run, and what it does is not reported any more. Code that fails is no
// error but a reply.
func (k *Kernel) Execute(ctx context.Context, req ExecuteRequest, sink func(Event)) (ExecuteReply, error) {
	if err := k.enter(ctx); err != nil {
		return ExecuteReply{}, err
	}
	defer k.exit()
	l := k.current()
	r := &run{
		id: l.nextID(), sink: sink, stdin: req.AllowStdin, events: make(chan Event), idle: make(chan struct{}), over: make(chan struct{}),
		stem: func() { _ = k.interrupt(k.quit, l) },
	}
	answer := make(chan jupyter.Message, 1)
	r.reply = answer
	l.mu.Lock()
	l.run, l.waiting[r.id] = r, answer
	l.mu.Unlock()
	defer l.forget(r)
	err := l.send(jupyter.Shell, r.id, "execute_request", nil, map[string]any{
		"code": req.Code, "silent": req.Silent, "store_history": req.StoreHistory && !req.Silent,
		"user_expressions": map[string]any{}, "allow_stdin": req.AllowStdin, "stop_on_error": req.StopOnError,
	})
	if err != nil {
		return ExecuteReply{}, l.explain(err)
	}
	reply, err := l.await(ctx, r)
	if err == nil {
		l.keep(r.id, req.Late)
	}
	if r.quits {
		k.launcher.work.Go(func() { l.end(k.quit, ErrQuit) })
	}
	return reply, err
}

// keep remembers who takes what a run does after its end, before that end is
// known: so nothing falls in between.
func (l *life) keep(id string, late func(Event)) {
	if late == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late[id] = late
	l.lateIDs = append(l.lateIDs, id)
	if len(l.lateIDs) > lateRuns {
		delete(l.late, l.lateIDs[0])
		l.lateIDs = l.lateIDs[1:]
	}
}

// forget ends a run: nothing is handed to it any more.
func (l *life) forget(r *run) {
	l.mu.Lock()
	l.run = nil
	delete(l.waiting, r.id)
	l.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompt = nil
	close(r.over)
}

// await takes events until the execution is done: its reply is in, and the kernel
// is idle or has been quiet for a while.
func (l *life) await(ctx context.Context, r *run) (ExecuteReply, error) {
	quiet := time.NewTimer(settleTime)
	defer quiet.Stop()
	patience, idle, ended := settleTime, r.idle, time.Time{}
	for {
		select {
		case ev := <-r.events:
			r.take(ev)
		case m := <-r.reply:
			r.replied(m)
		case <-idle:
			idle = nil
		case <-quiet.C:
			if r.reply == nil && l.queue.empty() {
				return r.finish(), nil
			}
		case <-ctx.Done():
			return ExecuteReply{}, context.Cause(ctx)
		case <-l.gone:
			return r.orphaned(l.err)
		}
		if r.reply == nil && idle == nil {
			if ended.IsZero() {
				ended = time.Now()
			}
			if patience = lingerSilent; r.printed {
				patience = lingerLoud
			}
			if !l.straggles || time.Since(ended) > lingerLimit {
				return r.finish(), nil
			}
		}
		quiet.Reset(patience)
	}
}

func (r *run) take(ev Event) {
	r.failed = r.failed || ev.Kind == KindError
	r.printed = r.printed || ev.Kind == KindStream
	r.sink(ev)
}

// orphaned is the end of a run whose kernel is gone: code that ends its kernel may
// have had its reply before.
func (r *run) orphaned(err error) (ExecuteReply, error) {
	if r.reply != nil {
		select {
		case m := <-r.reply:
			r.replied(m)
		default:
			return ExecuteReply{}, err
		}
	}
	return r.finish(), nil
}

// replyContent is the content of an execute_reply.
type replyContent struct {
	Status    string  `json:"status"`
	Count     float64 `json:"execution_count"`
	Ename     string  `json:"ename"`
	Evalue    string  `json:"evalue"`
	Traceback lines   `json:"traceback"`
	Payload   []struct {
		Source  string `json:"source"`
		Keep    bool   `json:"keepkernel"`
		Data    object `json:"data"`
		Text    string `json:"text"`
		Replace bool   `json:"replace"`
	} `json:"payload"`
}

func (r *run) replied(m jupyter.Message) {
	r.reply = nil
	var c replyContent
	if err := jupyter.Unmarshal(m.Content, &c); err != nil {
		r.end = ExecuteReply{Status: "error", Reason: "the kernel's reply is malformed"}
		return
	}
	r.end = ExecuteReply{Status: c.Status, Count: int64(c.Count)}
	switch c.Status {
	case "ok":
	case "abort", "aborted":
		r.end.Status = "aborted"
	default:
		r.end.Status, r.end.Reason = "error", fmt.Sprintf("%s: %s", c.Ename, c.Evalue)
		r.fault = errorOutput(c.Ename, c.Evalue, c.Traceback)
	}
	for _, p := range c.Payload {
		switch p.Source {
		case "page":
			r.pages = append(r.pages, p.Data)
		case "set_next_input":
			r.end.Next = &NextInput{Text: p.Text, Replace: p.Replace}
		case "ask_exit":
			r.quits = !p.Keep
		}
	}
}

// finish hands over what came with the reply alone: pages, and an error that the
// kernel did not show as an output.
func (r *run) finish() ExecuteReply {
	for _, data := range r.pages {
		r.sink(Event{Kind: KindDisplay, Output: notebook.Output{
			"output_type": KindDisplay, "data": map[string]any(data), "metadata": map[string]any{},
		}})
	}
	if r.fault != nil && !r.failed {
		r.sink(Event{Kind: KindError, Output: r.fault})
	}
	return r.end
}
