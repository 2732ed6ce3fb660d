package hub_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// slowKernels are two kinds of kernels that need ten seconds to start. The second
// comes up although its start was given up.
type slowKernels struct{ *hubtest.Kernels }

func (k slowKernels) Specs(context.Context) ([]hub.KernelSpec, error) {
	return []hub.KernelSpec{{Name: "first", Language: "one"}, {Name: "second", Language: "two"}}, nil
}

func (k slowKernels) Start(ctx context.Context, req hub.KernelStart) (hub.Kernel, error) {
	select {
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
		if req.Spec == "first" {
			return nil, ctx.Err()
		}
	}
	kernel, err := k.Kernels.Start(ctx, req)
	return named{kernel, req.Spec}, err
}

// named is a kernel of a kind.
type named struct {
	hub.Kernel
	spec string
}

func (k named) Info() hub.KernelInfo { return hub.KernelInfo{Name: k.spec, Language: k.spec} }

// Who changes their mind while a kernel starts gets what they want, and the other
// kernel is none that anybody pays for.
func TestKernel_MindsChangeWhileItStarts(t *testing.T) {
	ann := hub.Client{Name: "ann"}
	stop := func(e *hubtest.Env, room uuid.UUID) error { _, err := e.Hub.StopKernel(ctx, room, ann); return err }
	choose := func(spec string) func(e *hubtest.Env, room uuid.UUID) error {
		return func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.SetKernel(ctx, room, spec, ann)
			return err
		}
	}
	for name, c := range map[string]struct {
		deeds  []func(e *hubtest.Env, room uuid.UUID) error
		status string
		kernel string
	}{
		"another one":           {[]func(*hubtest.Env, uuid.UUID) error{choose("first"), choose("second")}, "idle", "second"},
		"another one, and back": {[]func(*hubtest.Env, uuid.UUID) error{choose("second"), choose("first"), choose("second")}, "idle", "second"},
		"none":                  {[]func(*hubtest.Env, uuid.UUID) error{choose("first"), stop}, "none", "first"},
		"none, then one":        {[]func(*hubtest.Env, uuid.UUID) error{choose("second"), stop, choose("first")}, "idle", "first"},
		"none, then a restart": {[]func(*hubtest.Env, uuid.UUID) error{choose("second"), stop, func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.RestartKernel(ctx, room, ann)
			return err
		}}, "idle", "second"},
		"none, then a run": {[]func(*hubtest.Env, uuid.UUID) error{choose("second"), stop, func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{All: true})
			return err
		}}, "idle", "second"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kernels := slowKernels{hubtest.NewKernels()}
				e := hubtest.New(t, func(o *hub.Options) { o.Kernels = kernels })
				e.Write("a.ipynb", hubtest.Notebook("one"))
				room := e.Open("a.ipynb")
				for _, do := range c.deeds {
					if err := do(e, room); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				time.Sleep(15 * time.Second)
				info := e.Room(room).Kernel
				if info.Status != c.status || info.Name != c.kernel {
					t.Errorf("the kernel is %+v", info)
				}
				want := 0
				if c.status == "idle" {
					want = 1
				}
				living := 0
				for _, k := range kernels.Started() {
					select {
					case <-k.Done():
					default:
						living++
					}
				}
				if living != want || e.Hub.Stats().KernelsRunning != want {
					t.Errorf("%d kernels live, and the hub counts %d", living, e.Hub.Stats().KernelsRunning)
				}
				e.Stop()
			})
		})
	}
}

// A notebook that gets another kernel gets its language as well.
func TestKernel_ANewOneIsNamedWithItsLanguage(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		finished(t, e, execute(t, e, room, "a")[0])
		time.Sleep(10 * time.Second)
		if file := e.Read("a.ipynb"); !strings.Contains(file, `"kernelspec"`) || !strings.Contains(file, `"file_extension": ".fake"`) {
			t.Errorf("the file holds %s", file)
		}
	})
}
