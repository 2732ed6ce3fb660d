package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

type runCmd struct {
	target
	Notebook nonEmpty `arg:"" help:"Notebook file. A hub that serves it is used, else one is started for the time being. With --url: relative to the folder that the hub serves."`
	Kernel   string   `help:"Run on this kernel instead of the notebook's own." placeholder:"NAME"`
	Continue bool     `help:"Run the remaining cells although one failed."`
	Timeout  span     `help:"Interrupt the run after so long. Default: never." placeholder:"DURATION"`
	Quiet    bool     `short:"q" help:"No progress."`
}

// Run executes all code cells, with a line of progress for each, and saves the
// notebook with its outputs, also when a cell failed: then the exit code is 1.
func (c *runCmd) Run(ctx context.Context, con *console) (err error) {
	hub, path, stop, err := c.hub(ctx, con)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	var r room
	status, err := hub.call(ctx, http.MethodPost, "api/v1/rooms", map[string]any{"path": path}, &r)
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		defer func() { // nobody else had it open
			_, closed := hub.call(context.WithoutCancel(ctx), http.MethodDelete, "api/v1/rooms/"+r.ID, nil, nil)
			err = errors.Join(err, closed)
		}()
	}
	failure := c.runAll(ctx, con, hub, r.ID)
	s, err := hub.save(context.WithoutCancel(ctx), r.ID, nil)
	if err != nil {
		return errors.Join(failure, fmt.Errorf("write the notebook: %w", err))
	}
	if !c.Quiet {
		fmt.Fprintf(con.err, "wrote %s\n", s.Path)
	}
	return failure
}

// hub finds the hub that serves the notebook or starts one, and returns the
// notebook's path there.
func (c *runCmd) hub(ctx context.Context, con *console) (hub *client, path string, stop func() error, err error) {
	nothing := func() error { return nil }
	if c.URL != "" {
		hub, err = c.find(ctx)
		return hub, string(c.Notebook), nothing, err
	}
	file, err := filepath.Abs(string(c.Notebook))
	if err == nil {
		file, err = filepath.EvalSymlinks(file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil, fmt.Errorf("run: there is no file %s", c.Notebook)
	case err != nil:
		return nil, "", nil, fmt.Errorf("run: %w", err)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return nil, "", nil, fmt.Errorf("run: %s is a folder; name a notebook in it", c.Notebook)
	}
	running, err := registered(ctx)
	if err != nil {
		return nil, "", nil, err
	}
	if r := serving(running, file); r != nil {
		path, _ = inside(r.Root, file)
		hub, err = newClient(r.URL, r.Token)
		return hub, path, nothing, err
	}
	hub, stop, err = temporaryHub(ctx, con, file)
	return hub, filepath.Base(file), stop, err
}

// runAll runs the cells and says how it went. The error is what the exit code
// is about.
func (c *runCmd) runAll(ctx context.Context, con *console, hub *client, room string) error {
	var list struct {
		Cells []struct{ ID, Source string }
	}
	if _, err := hub.call(ctx, http.MethodGet, "api/v1/rooms/"+room+"/cells", nil, &list); err != nil {
		return err
	}
	sources := make(map[string]string)
	for _, cell := range list.Cells {
		sources[cell.ID] = cell.Source
	}
	if c.Kernel != "" {
		if _, err := hub.call(ctx, http.MethodPut, "api/v1/rooms/"+room+"/kernel", map[string]any{"name": c.Kernel}, nil); err != nil {
			return err
		}
	}
	ctx, cancel := limited(ctx, time.Duration(c.Timeout))
	defer cancel()
	defer hub.answerPrompts(ctx, con, room)()
	runs, err := hub.execute(ctx, room, map[string]any{"all": true, "continue_on_error": c.Continue})
	if err != nil {
		return err
	}
	return c.follow(ctx, con, hub, runs, sources)
}

// follow tells of each cell when it is over.
func (c *runCmd) follow(ctx context.Context, con *console, hub *client, runs []execution, sources map[string]string) error {
	failed, left := 0, 0
	for i, run := range runs {
		e, err := hub.await(ctx, run.ID, runs[i+1:]...)
		if err != nil && !e.over() {
			return err
		}
		switch {
		case e.State == "error":
			failed++
		case e.State == "cancelled":
			left++
		}
		if !c.Quiet {
			fmt.Fprintf(con.err, "[%d/%d] %-50s %9s  %s\n", i+1, len(runs), firstLine(sources[e.Cell], 50), e.State, seconds(e.took()))
		}
		if e.State == "error" {
			explain(con, e)
		}
		if err != nil {
			return err
		}
	}
	if failed+left > 0 {
		return fmt.Errorf("run notebook: %d of %d cells failed, %d did not run", failed, len(runs), left)
	}
	return nil
}

// explain shows the error of a cell, from its outputs if it is there.
func explain(con *console, e execution) {
	for _, o := range e.Outputs {
		if o["output_type"] == "error" {
			writeText(con.err, outputText(o))
			return
		}
	}
	writeText(con.err, e.Reason)
}

// temporaryHub serves the folder of one notebook to this command alone, until
// stop.
func temporaryHub(ctx context.Context, con *console, file string) (*client, func() error, error) {
	state, err := os.MkdirTemp("", appName+"-run-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a state directory: %w", err)
	}
	config := serveCmd{RootDir: filepath.Dir(file), IP: "127.0.0.1", StateDir: state, only: file}
	m, err := open(ctx, config, config.warnings(con))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(state))
	}
	stop := func() error {
		if err := m.close(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("stop: what could not be saved is kept in %s: %w", state, err)
		}
		return os.RemoveAll(state)
	}
	hub, err := newClient(m.url(), m.token)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	hub.alone = true
	return hub, stop, nil
}
