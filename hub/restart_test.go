package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// slowRestarts are kernels that take ten seconds to come back.
type slowRestarts struct{ *hubtest.Kernels }

type slowRestart struct{ hub.Kernel }

func (k slowRestarts) Start(ctx context.Context, req hub.KernelStart) (hub.Kernel, error) {
	kernel, err := k.Kernels.Start(ctx, req)
	return slowRestart{kernel}, err
}

func (k slowRestart) Restart(ctx context.Context) error {
	time.Sleep(10 * time.Second) // virtual
	return k.Kernel.Restart(ctx)
}

// What is asked for while a kernel restarts waits for it, and costs nothing: were
// the room to look at the queue again and again, no time would pass here.
func TestExecute_DuringARestartWaitsForItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.Kernels = slowRestarts{hubtest.NewKernels()} })
		e.Write("a.ipynb", hubtest.Notebook("1", "2"))
		room := e.Open("a.ipynb")
		finished(t, e, execute(t, e, room, "a")[0])
		restarted := make(chan error, 1)
		go func() {
			_, err := e.Hub.RestartKernel(ctx, room, hub.Client{})
			restarted <- err
		}()
		synctest.Wait()
		time.Sleep(time.Second)
		if status := e.Room(room).Kernel.Status; status != "restarting" {
			t.Errorf("the kernel is %s", status)
		}
		var runs []hub.Execution
		for _, cell := range []string{"b", "a"} {
			list, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: []string{cell}, Gather: true})
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, list...)
		}
		for _, run := range runs {
			if got, err := e.Hub.Execution(ctx, run.ID, time.Minute); err != nil || got.State != "done" {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if err := <-restarted; err != nil {
			t.Error(err)
		}
		e.Stop()
	})
}
