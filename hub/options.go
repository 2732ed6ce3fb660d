package hub

import (
	"log/slog"
	"time"

	"github.com/notebookhub/hub/hub/store"
)

// Options configure a Hub. Files and Store are required; everything else has a
// default.
type Options struct {
	Files   Files
	Store   *store.Store
	Watcher Watcher // nil: changes outside are seen only when a room loads or saves
	Kernels Kernels // nil: nothing can be executed
	Logger  *slog.Logger
	Version string // told to clients

	RoomIdle    time.Duration // without peers and requests for so long, a room is evicted; default 30 s
	SaveQuiet   time.Duration // autosave after so long without a change; default 2 s
	SaveMax     time.Duration // autosave after so long at the latest; default 10 s
	KernelIdle  time.Duration // a kernel that neither runs nor sees edits is stopped; default 1 h, negative: never
	LeaveDelay  time.Duration // presence outlives its connection for so long; default 5 s
	MaxNotebook int64         // bytes of a file that is opened; default 256 MiB
	MaxText     int64         // bytes of text beside outputs; default 16 MiB
	Caps        Caps
}

// Caps bound what one client can cost, in bytes.
type Caps struct {
	Sync      int64 // a sync message; default 64 MiB
	Awareness int64 // an awareness message; default 64 KiB
	Request   int64 // a request; default 1 MiB
	Unsent    int   // updates that wait for one peer before it is resynced; default 8 MiB
}

// Watcher tells when something happened to a file. Package watch is the real
// one.
type Watcher interface {
	// Watch calls changed, from any goroutine and without waiting for it long,
	// once per burst of changes to the file at an absolute path. After stop
	// has returned at most a call that was under way still comes.
	Watch(path string, changed func()) (stop func(), err error)
}

func (o Options) withDefaults() Options {
	durations := []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&o.RoomIdle, 30 * time.Second}, {&o.SaveQuiet, 2 * time.Second}, {&o.SaveMax, 10 * time.Second},
		{&o.KernelIdle, time.Hour}, {&o.LeaveDelay, 5 * time.Second},
	}
	for _, d := range durations {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	sizes := []struct {
		value *int64
		def   int64
	}{
		{&o.MaxNotebook, 256 << 20}, {&o.MaxText, 16 << 20},
		{&o.Caps.Sync, 64 << 20}, {&o.Caps.Awareness, 64 << 10}, {&o.Caps.Request, 1 << 20},
	}
	for _, s := range sizes {
		if *s.value == 0 {
			*s.value = s.def
		}
	}
	if o.Caps.Unsent == 0 {
		o.Caps.Unsent = 8 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
