package hub

import (
	"context"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

// Kernels starts kernels. Package kernel is the real one, plugged in by
// cmd/hub; tests bring fakes, and a remote gateway fits too. All methods may be
// called concurrently.
type Kernels interface {
	// Specs lists what can be started, and what was found but cannot.
	Specs(ctx context.Context) ([]KernelSpec, error)
	// Start returns a kernel that is ready to execute. A failure says what the
	// kernel printed last.
	Start(ctx context.Context, req KernelStart) (Kernel, error)
}

// KernelSpec is one installed kernel.
type KernelSpec struct {
	Name, DisplayName, Language string
	Problem                     string // why it cannot be started; "" when it can
}

// KernelStart asks for a kernel of a room, running in the folder Dir.
type KernelStart struct {
	Room uuid.UUID
	Spec string
	Dir  string
}

// Kernel is one running kernel. Execute is called by one goroutine at a time;
// everything else may be called concurrently with it.
type Kernel interface {
	Info() KernelInfo
	// LanguageInfo is what a notebook's metadata say about the language under
	// language_info; nil when the kernel told nothing.
	LanguageInfo() map[string]any
	// Execute runs code and hands over what happens, in order, on the calling
	// goroutine, until the reply and the last output are in.
	Execute(ctx context.Context, req KernelRun, sink func(KernelEvent)) (KernelReply, error)
	Interrupt(ctx context.Context) error
	Restart(ctx context.Context) error
	// Shutdown ends the kernel and its children and waits for both.
	Shutdown(ctx context.Context) error
	// Answer replies to the prompt of the running execution.
	Answer(ctx context.Context, value string) error
	Complete(ctx context.Context, code string, cursor int) (map[string]any, error)
	Inspect(ctx context.Context, code string, cursor, detail int) (map[string]any, error)
	History(ctx context.Context, n int) ([]string, error)
	// Watch has f called with true when the kernel's process stops answering, and
	// with false when it answers again.
	Watch(f func(frozen bool))
	// Done is closed when the kernel is gone; Err then says what became of it.
	Done() <-chan struct{}
	Err() error
}

// KernelRun is one piece of code for a kernel.
type KernelRun struct {
	Code       string
	AllowStdin bool
	Silent     bool
	// Late takes what the code does after Execute has returned, as threads that
	// it left behind do: in order, one event at a time. While it does not return,
	// the kernel's other outputs wait. It may be called after Done is closed.
	Late func(KernelEvent)
}

// KernelEvent is one thing that a running cell did. Kind is one of stream,
// display_data, execute_result, error, clear_output, update_display_data,
// execute_input, input_request.
type KernelEvent struct {
	Kind      string
	Name      string          // stream: stdout or stderr
	Text      string          // stream
	Output    notebook.Output // display_data, execute_result, error, update_display_data: in nbformat's shape, no transient
	DisplayID string          // display_data, update_display_data
	Wait      bool            // clear_output
	Count     int64           // execute_input, execute_result
	Prompt    string          // input_request
	Password  bool            // input_request
}

// KernelReply ends an execution.
type KernelReply struct {
	Status string // ok, error, aborted
	Count  int64  // 0 when the kernel told none
	Reason string // error name and value, or why aborted
}
