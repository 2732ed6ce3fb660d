package hub_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// installed are these kernels.
type installed []hub.KernelSpec

func (k installed) Specs(context.Context) ([]hub.KernelSpec, error) { return k, nil }

func (k installed) Start(context.Context, hub.KernelStart) (hub.Kernel, error) {
	return nil, errors.New("it is only a list")
}

// Who has no kernel is told what there is, and how to get one of the language.
func TestKernel_AMissingOneIsExplained(t *testing.T) {
	python := hub.KernelSpec{Name: "python3", Language: "python"}
	r := hub.KernelSpec{Name: "ir", Language: "R"}
	broken := hub.KernelSpec{Name: "old", Language: "python", Problem: "there is no program /opt/python"}
	named := func(name, language string) string {
		return `"kernelspec": {"name": "` + name + `", "display_name": "", "language": "` + language + `"}`
	}
	for name, c := range map[string]struct {
		installed installed
		metadata  string
		words     []string
	}{
		"another language":        {installed{python, r}, named("julia-1.9", "julia"), []string{`"julia-1.9" is not installed`, "python3, ir", "IJulia"}},
		"no name, two kernels":    {installed{python, r}, "", []string{"names no kernel", "choose one", "python3, ir"}},
		"none at all":             {nil, "", []string{"no kernel is installed", "pip install ipykernel"}},
		"one that is broken":      {installed{broken}, named("old", ""), []string{`"old" cannot be started`, "/opt/python"}},
		"a language that is rare": {installed{r}, named("sage", "sage"), []string{"jupyter/wiki"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := hubtest.New(t, func(o *hub.Options) { o.Kernels = c.installed })
			e.Write("a.ipynb", strings.Replace(hubtest.Notebook("one"), `"metadata": {},
 "nbformat"`, `"metadata": {`+c.metadata+`},
 "nbformat"`, 1))
			x := finished(t, e, execute(t, e, e.Open("a.ipynb"), "a")[0])
			for _, word := range c.words {
				if x.State != "error" || !strings.Contains(x.Reason, word) {
					t.Errorf("%s: %q does not say %q", x.State, x.Reason, word)
				}
			}
		})
	}
}

// A kernel whose process is stopped is shown as what it is, and not as busy.
func TestKernel_AFrozenOneIsShown(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = runUntil(nil)
		status := func() string { synctest.Wait(); return e.Room(room).Kernel.Status }
		run := execute(t, e, room, "a")[0]
		time.Sleep(time.Second)
		kernel := e.Kernels.Started()[0]
		kernel.Freeze(true)
		if got := status(); got != "unresponsive" || e.Room(room).Kernel.Reason == "" {
			t.Errorf("stopped, it is %s", got)
		}
		kernel.Freeze(false)
		if got := status(); got != "busy" {
			t.Errorf("going on, it is %s", got)
		}
		kernel.Freeze(true)
		synctest.Wait()
		if err := e.Hub.InterruptKernel(ctx, room, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		finished(t, e, run)
		execute(t, e, room, "b")
		if got := status(); got != "unresponsive" {
			t.Errorf("with the next cell it is %s", got)
		}
		if _, err := e.Hub.RestartKernel(ctx, room, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if got := status(); got != "idle" {
			t.Errorf("after a restart it is %s", got)
		}
	})
}
