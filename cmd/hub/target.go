package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// target says which hub is meant.
type target struct {
	URL string `help:"Address of the hub, with its ?token=. Default: the one that runs on this computer for you; of several, the one that serves the present folder." env:"HUB_URL" placeholder:"URL"`
}

// find returns a client of the hub that is meant: the given one, else the only
// one that runs for this user, else the one that serves the present folder.
func (t target) find(ctx context.Context) (*client, error) {
	if t.URL != "" {
		return newClient(t.URL, "")
	}
	running, err := registered(ctx)
	if err != nil {
		return nil, err
	}
	here, _ := os.Getwd()
	chosen := serving(running, here)
	switch {
	case len(running) == 0:
		return nil, errors.New("find hub: none runs here; start one with `hub serve`, or give --url")
	case len(running) == 1:
		chosen = &running[0]
	case chosen == nil:
		return nil, fmt.Errorf("find hub: several run, and none serves the present folder; give --url or change to one of these folders:\n%s", describe(running))
	}
	hub, err := newClient(chosen.URL, chosen.Token)
	if err == nil {
		hub.root = chosen.Root
	}
	return hub, err
}

// serving returns the hub whose root holds a path, the innermost such root.
func serving(running []registration, path string) *registration {
	var best *registration
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	for i, r := range running {
		if _, ok := inside(r.Root, path); ok && (best == nil || len(r.Root) > len(best.Root)) {
			best = &running[i]
		}
	}
	return best
}

// inside returns a path relative to a folder, if it lies in it.
func inside(folder, path string) (string, bool) {
	rel, err := filepath.Rel(folder, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// pathOf is a notebook or folder as the hub knows it: relative to the folder that
// it serves. What the shell completes is understood too: an absolute path, and one
// relative to the present folder, unless the hub has a file of that name.
func (c *client) pathOf(name string) string {
	if c.root == "" || name == "" {
		return name
	}
	if !filepath.IsAbs(name) {
		_, there := os.Lstat(filepath.Join(c.root, name))
		if _, here := os.Lstat(name); there == nil || here != nil {
			return name
		}
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
		absolute = filepath.Join(folder, filepath.Base(absolute))
	}
	if rel, ok := inside(c.root, absolute); ok {
		return rel
	}
	return name
}

func describe(running []registration) string {
	lines := make([]string, len(running))
	for i, r := range running {
		lines[i] = fmt.Sprintf("  %s  at %s (pid %d)", r.Root, r.URL, r.PID)
	}
	return strings.Join(lines, "\n")
}

// registered lists the hubs that run for this user, the newest first. Files of
// hubs that died are cleared away.
func registered(ctx context.Context) ([]registration, error) {
	dir, err := runtimeDir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "hub-*.json"))
	if err != nil {
		return nil, fmt.Errorf("look for hubs: %w", err)
	}
	var list []registration
	for _, file := range files {
		var r registration
		data, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(data, &r) != nil {
			continue
		}
		if !processLives(r.PID) || !answers(ctx, r) {
			os.Remove(file)
			continue
		}
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Started.After(list[j].Started) })
	return list, nil
}

// answers tells whether somebody listens at a registered address. Process ids
// are used again, so that the process lives does not say enough. A hub that is
// slow to answer is there.
func answers(ctx context.Context, r registration) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"healthz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return !connectionRefused(err)
	}
	res.Body.Close()
	return true
}
