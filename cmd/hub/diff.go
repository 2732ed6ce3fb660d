package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
)

type diffCmd struct {
	target
	A nonEmpty `arg:"" help:"A notebook: a file; or NOTEBOOK@live, what its room holds; NOTEBOOK@disk, what its file holds; NOTEBOOK@VERSION, a former version."`
	B nonEmpty `arg:"" optional:"" help:"The other one. Without it: NOTEBOOK@live, and A alone is A@disk then, so what is not saved is shown."`
}

// What diff's exit codes mean, as those of the program of that name.
const (
	exitDiffer  = exitCode(1)
	exitTrouble = exitCode(2)
)

// Run prints how B differs from A. The exit code is 0 when they are the same, 1
// when they differ and 2 when that is not known.
func (c *diffCmd) Run(ctx context.Context, con *console) error {
	if c.B == "" {
		c.againstLive()
	}
	a, errA := c.load(ctx, string(c.A))
	b, errB := c.load(ctx, string(c.B))
	for _, err := range []error{errA, errB} {
		if err != nil {
			fmt.Fprintln(con.err, "hub:", err)
		}
	}
	if errA != nil || errB != nil {
		return exitTrouble
	}
	text := diffNotebooks(a, b)
	if text == "" {
		return nil
	}
	fmt.Fprintf(con.out, "--- %s\n+++ %s\n%s", c.A, c.B, text)
	return exitDiffer
}

// againstLive completes what one name asks for: how the room differs from its
// file, or from the side that the name tells. The paths of notebooks have an
// ending of their own, so that an @ in one is no side.
func (c *diffCmd) againstLive() {
	name := c.A
	if at := strings.LastIndexByte(string(name), '@'); at >= 0 && !strings.HasSuffix(strings.ToLower(string(name)), ".ipynb") {
		name = name[:at]
	} else {
		c.A += "@disk"
	}
	c.B = name + "@live"
}

// load reads one side: a file of this computer, else what a hub has.
func (c *diffCmd) load(ctx context.Context, name string) (*notebook.Notebook, error) {
	data, err := os.ReadFile(name)
	at := strings.LastIndexByte(name, '@')
	switch {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read notebook: %w", err)
	case at < 0:
		return nil, fmt.Errorf("read notebook: there is no file %s; what a hub has is named %[1]s@live, @disk or @VERSION", name)
	default:
		if data, err = c.fetch(ctx, name[:at], name[at+1:]); err != nil {
			return nil, fmt.Errorf("get %s: %w", name, err)
		}
	}
	file, err := notebook.Parse(data, notebook.ParseOptions{})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return file.Notebook(), nil
}

func (c *diffCmd) fetch(ctx context.Context, path, what string) ([]byte, error) {
	hub, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	room, err := hub.lookupOrOpen(ctx, path)
	if err != nil {
		return nil, err
	}
	switch what {
	case "live":
		return hub.fetch(ctx, "api/v1/rooms/"+room+"/notebook")
	case "disk":
		return hub.fetch(ctx, "api/v1/rooms/"+room+"/disk")
	}
	version, err := hub.version(ctx, room, what)
	if err != nil {
		return nil, err
	}
	return hub.fetch(ctx, versionPath(room, version))
}
