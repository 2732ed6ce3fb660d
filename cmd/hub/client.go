package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"
)

// clientCommands talk to a hub that runs.
type clientCommands struct {
	Ls       lsCmd       `cmd:"" group:"Notebooks of the hub that runs" help:"List notebooks and folders."`
	Rooms    roomsCmd    `cmd:"" group:"Notebooks of the hub that runs" help:"List open rooms."`
	Open     openCmd     `cmd:"" group:"Notebooks of the hub that runs" help:"Open a notebook, or start an untitled one; prints the room's id."`
	Save     saveCmd     `cmd:"" group:"Notebooks of the hub that runs" help:"Save a room, or save it as another file."`
	Close    closeCmd    `cmd:"" group:"Notebooks of the hub that runs" help:"Save and close a room."`
	Exec     execCmd     `cmd:"" group:"Running code" help:"Run a piece of code in a room and print what it prints."`
	Run      runCmd      `cmd:"" group:"Running code" help:"Run a whole notebook file and write its outputs into it."`
	Diff     diffCmd     `cmd:"" group:"Changes and former versions" help:"Show how two notebooks differ, cell by cell."`
	Versions versionsCmd `cmd:"" group:"Changes and former versions" help:"List the former versions of a notebook."`
	Restore  restoreCmd  `cmd:"" group:"Changes and former versions" help:"Bring a notebook back to a former version."`
}

// client calls the REST API of one hub.
type client struct {
	base  *url.URL
	token string
	root  string // the folder that it serves, if it runs here
	alone bool   // nobody else can reach this hub
}

// newClient returns a client of the hub at an address, which may carry a token.
func newClient(address, token string) (*client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("read the hub's address: %s is not like http://127.0.0.1:8888/?token=SECRET", address)
	}
	if token == "" {
		token = base.Query().Get("token")
	}
	base.RawQuery, base.Fragment = "", ""
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	return &client{base: base, token: token}, nil
}

// send makes a request; the caller closes the answer's body. An answer that
// tells of a failure is an error.
func (c *client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(data)
	}
	ref, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base.ResolveReference(ref).String(), body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if name := userName(); name != "" {
		req.Header.Set("X-Hub-Name", url.PathEscape(name))
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address of the request, which means nothing to a person
		}
		return nil, fmt.Errorf("ask the hub at %s: %w", c.base, err)
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		return nil, problemOf(res)
	}
	return res, nil
}

// call makes a request and decodes the answer into out, unless that is nil. It
// returns the status.
func (c *client) call(ctx context.Context, method, path string, in, out any) (int, error) {
	res, err := c.send(ctx, method, path, in)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if out == nil {
		return res.StatusCode, nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return 0, fmt.Errorf("read the hub's answer: %w", err)
	}
	return res.StatusCode, nil
}

// fetch gets the bytes of a notebook.
func (c *client) fetch(ctx context.Context, path string) ([]byte, error) {
	res, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	return data, nil
}

// problem is an error answer of the hub.
type problem struct {
	Code, Detail string
}

func (p *problem) Error() string { return fmt.Sprintf("%s (%s)", p.Detail, p.Code) }

// problemOf turns an error answer into an error that says what the hub said.
func problemOf(res *http.Response) error {
	var p problem
	data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if json.Unmarshal(data, &p) == nil && p.Detail != "" {
		return &p
	}
	return fmt.Errorf("ask the hub: it answered %s", res.Status)
}

// userName is how the others in a room see what these commands do.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// room is what the commands print of a room.
type room struct {
	ID      string  `json:"id"`
	Path    *string `json:"path"`
	State   string  `json:"state"`
	Reason  string  `json:"reason"`
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

// lookup finds an open room, or an untitled one at rest, by its id or its path.
func (c *client) lookup(ctx context.Context, idOrPath string) (string, error) {
	if _, err := uuid.Parse(idOrPath); err == nil {
		return idOrPath, nil
	}
	var list struct{ Rooms []room }
	if _, err := c.call(ctx, http.MethodGet, "api/v1/rooms?untitled=1", nil, &list); err != nil {
		return "", err
	}
	path := c.pathOf(idOrPath)
	for _, r := range list.Rooms {
		if r.Path != nil && *r.Path == path {
			return r.ID, nil
		}
	}
	return "", fmt.Errorf("find room: none that is open holds %s; `hub rooms` lists them, `hub open %[1]s` opens it", idOrPath)
}

// lookupOrOpen finds a room by its id or its path, and opens it when need be.
func (c *client) lookupOrOpen(ctx context.Context, idOrPath string) (string, error) {
	if _, err := uuid.Parse(idOrPath); err == nil {
		return idOrPath, nil
	}
	var r room
	_, err := c.call(ctx, http.MethodPost, "api/v1/rooms", map[string]any{"path": c.pathOf(idOrPath)}, &r)
	return r.ID, err
}

// saved is the hub's answer to a save.
type saved struct {
	Path, SHA256 string
	Notes        []string
}

// save saves a room; the options are those of the API, and may be nil.
func (c *client) save(ctx context.Context, room string, options map[string]any) (s saved, err error) {
	body := map[string]any{}
	maps.Copy(body, options)
	_, err = c.call(ctx, http.MethodPost, "api/v1/rooms/"+room+"/save", body, &s)
	return s, err
}

func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
