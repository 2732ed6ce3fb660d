package hub

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// start starts the kernel that the notebook wants, beside the room.
func (e *executor) start(s *state) {
	if e.ending {
		return
	}
	e.starting = true
	want := e.info
	if e.wanted != "" {
		want.Name = e.wanted
	}
	e.setStatus(s, kernelStarting, "")
	start := KernelStart{Room: s.r.id, Dir: s.h.files.Absolute(path.Dir(s.path))}
	r := s.r
	ctx, abort := context.WithCancel(r.hub.ctx)
	e.abort = abort
	r.work.Go(func() {
		defer abort()
		kernel, err := r.hub.startKernel(ctx, want, start)
		if kernel != nil && r.hub.ctx.Err() != nil {
			err = errors.Join(r.hub.ctx.Err(), kernel.Shutdown(context.WithoutCancel(r.hub.ctx)))
		}
		r.post(func(s *state) { s.exec.started(s, kernel, err) })
	})
}

// startFailure is why there is no kernel: what the launcher says, which names the
// kernel and what was tried.
func startFailure(err error) error {
	if coded := new(Error); errors.As(err, &coded) {
		return err
	}
	return fail(CodeKernel, err, "%v", err)
}

func (h *Hub) startKernel(ctx context.Context, want KernelInfo, start KernelStart) (Kernel, error) {
	specs, err := h.options.Kernels.Specs(ctx)
	if err != nil {
		return nil, err
	}
	spec, err := chooseSpec(specs, want)
	if err != nil {
		return nil, err
	}
	start.Spec = spec.Name
	return h.options.Kernels.Start(ctx, start)
}

// chooseSpec finds the kernel by name, else by language, else the only one
// there is.
func chooseSpec(specs []KernelSpec, want KernelInfo) (KernelSpec, error) {
	var usable []KernelSpec
	for _, spec := range specs {
		if spec.Problem == "" {
			usable = append(usable, spec)
		}
	}
	for _, spec := range usable {
		if want.Name != "" && strings.EqualFold(spec.Name, want.Name) {
			return spec, nil
		}
	}
	for _, spec := range usable {
		if want.Language != "" && strings.EqualFold(spec.Language, want.Language) {
			return spec, nil
		}
	}
	if want.Name == "" && want.Language == "" && len(usable) == 1 {
		return usable[0], nil
	}
	return KernelSpec{}, fail(CodeNoKernel, nil, "%s", specAdvice(specs, usable, want))
}

// specAdvice says why there is no kernel, and what to do about it.
func specAdvice(specs, usable []KernelSpec, want KernelInfo) string {
	names := make([]string, len(usable))
	for i, spec := range usable {
		names[i] = spec.Name
	}
	installed := "installed are " + strings.Join(names, ", ")
	if len(usable) == 0 {
		installed = "no kernel is installed that can be started"
	}
	missing := "the notebook names no kernel"
	switch {
	case want.Name != "":
		missing = fmt.Sprintf("the kernel %q is not installed", want.Name)
	case want.Language != "":
		missing = "no kernel for " + want.Language + " is installed"
	case len(usable) > 0:
		return missing + "; choose one: " + installed
	}
	for _, spec := range specs {
		if strings.EqualFold(spec.Name, want.Name) {
			missing = fmt.Sprintf("the kernel %q cannot be started: %s", want.Name, spec.Problem)
		}
	}
	return missing + "; " + installed + "; to install one: " + installAdvice(want)
}

// installAdvice says how kernels of the usual languages are installed.
func installAdvice(want KernelInfo) string {
	language := strings.ToLower(want.Language)
	is := func(word string) bool { return language == word || strings.Contains(strings.ToLower(want.Name), word) }
	switch {
	case language == "r" || strings.EqualFold(want.Name, "ir"):
		return `install.packages("IRkernel"); IRkernel::installspec() in R`
	case is("julia"):
		return `using Pkg; Pkg.add("IJulia") in Julia`
	case is("deno"), is("typescript"), is("javascript"):
		return "deno jupyter --install"
	case language == "" || is("python"):
		return "pip install ipykernel, for Python"
	}
	return "see github.com/jupyter/jupyter/wiki/Jupyter-kernels"
}

// started takes over a kernel, or why there is none.
func (e *executor) started(s *state, kernel Kernel, err error) {
	e.starting = false
	defer e.settle()
	if kernel != nil && (e.ending || e.outdated) {
		e.letGo(s, kernel)
	}
	switch {
	case e.ending && kernel != nil:
		return
	case e.outdated:
		e.startAnother(s)
		return
	}
	if err != nil {
		reason := DetailOf(startFailure(err))
		e.setStatus(s, kernelFailed, reason)
		e.failQueued(s, reason)
		return
	}
	s.h.stats.kernels.Add(1)
	s.h.stats.kernelsRunning.Add(1)
	e.kernel, e.activity = kernel, time.Now()
	e.late = newBatcher(s.r, kernel.Done())
	s.r.work.Go(e.late.collect)
	info := kernel.Info()
	e.info.Name, e.info.DisplayName, e.info.Language = info.Name, info.DisplayName, info.Language
	e.frozen = false
	e.showKernel(s)
	e.nameKernel(s, info, kernel.LanguageInfo())
	r := s.r
	kernel.Watch(func(frozen bool) { r.post(func(s *state) { s.exec.froze(s, kernel, frozen) }) })
	r.work.Go(func() {
		<-kernel.Done()
		r.hub.stats.kernelsRunning.Add(-1)
		r.post(func(s *state) { s.exec.died(s, kernel) })
	})
	e.pump(s)
}

// startAnother follows a start that was overtaken: somebody chose another kernel
// or wanted none.
func (e *executor) startAnother(s *state) {
	wanted := e.again || len(e.queue) > 0
	e.outdated, e.again = false, false
	if wanted {
		e.start(s)
	}
}

// nameKernel writes into the notebook which kernel it runs on, if it named
// another or none, and then its language too.
func (e *executor) nameKernel(s *state, info KernelInfo, language map[string]any) {
	former, _ := s.doc.Metadata()["kernelspec"].(map[string]any)
	if name, _ := former["name"].(string); name == info.Name {
		return
	}
	metadata := make(map[string]any)
	for k, v := range s.doc.Metadata() {
		metadata[k] = v
	}
	if language != nil {
		metadata["language_info"] = language
	}
	metadata["kernelspec"] = map[string]any{"name": info.Name, "display_name": info.DisplayName, "language": info.Language}
	ev, err := s.doc.SetNotebookMetadata(metadata)
	if err != nil {
		s.r.log.Warn("kernel not named in the notebook", "error", err)
	}
	s.commit(ev, nil)
}
