package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// clientCommands talk to a hub that runs.
type clientCommands struct {
	Ls    lsCmd    `cmd:"" help:"List notebooks and folders."`
	Rooms roomsCmd `cmd:"" help:"List open rooms."`
	Open  openCmd  `cmd:"" help:"Open a notebook, or start an untitled one; prints the room's id."`
	Save  saveCmd  `cmd:"" help:"Save a room, or save it as another file."`
	Close closeCmd `cmd:"" help:"Save and close a room."`
}

// target says which hub is meant.
type target struct {
	URL string `help:"Address of the hub, with ?token= if it wants one. Default: the hub that runs here." env:"HUB_URL" placeholder:"URL"`
}

// client calls the REST API of one hub.
type client struct {
	base  *url.URL
	token string
}

// find returns a client of the hub that is meant: the given one, else the one
// that runs for this user, preferring the one that serves the present folder.
func (t target) find() (*client, error) {
	if t.URL != "" {
		base, err := url.Parse(t.URL)
		if err != nil {
			return nil, fmt.Errorf("read --url: %w", err)
		}
		token := base.Query().Get("token")
		base.RawQuery = ""
		return &client{base, token}, nil
	}
	running, err := registered()
	if err != nil {
		return nil, err
	}
	if len(running) == 0 {
		return nil, errors.New("no hub runs here; start one with: hub serve")
	}
	best := running[0]
	if here, err := os.Getwd(); err == nil {
		for _, r := range running {
			if rel, err := filepath.Rel(r.Root, here); err == nil && !strings.HasPrefix(rel, "..") {
				best = r
				break
			}
		}
	}
	base, err := url.Parse(best.URL)
	if err != nil {
		return nil, fmt.Errorf("read the runtime file: %w", err)
	}
	return &client{base, best.Token}, nil
}

// registered lists the hubs that run for this user, the newest first. Files of
// hubs that died are cleared away.
func registered() ([]registration, error) {
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
		if !processLives(r.PID) {
			os.Remove(file)
			continue
		}
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Started.After(list[j].Started) })
	return list, nil
}

// call makes a request and decodes the answer into out, unless that is nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(data)
	}
	ref, err := url.Parse(path)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.ResolveReference(ref).String(), body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the hub: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return problemOf(res)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil
}

// problemOf turns an error answer into an error that says what the hub said.
func problemOf(res *http.Response) error {
	var problem struct{ Code, Detail, Title string }
	data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if json.Unmarshal(data, &problem) == nil && problem.Detail != "" {
		return fmt.Errorf("%s (%s)", problem.Detail, problem.Code)
	}
	return fmt.Errorf("the hub answered %s", res.Status)
}

// room is what the commands print of a room.
type room struct {
	ID      string  `json:"id"`
	Path    *string `json:"path"`
	State   string  `json:"state"`
	Unsaved bool    `json:"unsaved"`
	Peers   []struct {
		Name string `json:"name"`
	} `json:"peers"`
}

func (r room) name() string {
	if r.Path == nil {
		return "(untitled)"
	}
	return *r.Path
}

// lookup finds a room by its id or its path.
func (c *client) lookup(ctx context.Context, idOrPath string) (string, error) {
	if len(idOrPath) == 36 && !strings.HasSuffix(idOrPath, ".ipynb") {
		return idOrPath, nil
	}
	var rooms struct{ Rooms []room }
	if err := c.call(ctx, http.MethodGet, "api/v1/rooms?untitled=1", nil, &rooms); err != nil {
		return "", err
	}
	for _, r := range rooms.Rooms {
		if r.name() == idOrPath {
			return r.ID, nil
		}
	}
	return "", fmt.Errorf("no open room holds %s; see: hub rooms", idOrPath)
}

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
