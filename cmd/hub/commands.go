package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

type lsCmd struct {
	target
	Dir       string `arg:"" optional:"" help:"Folder, relative to the root."`
	Recursive bool   `short:"r" help:"Folders below it too."`
}

// Run prints a folder.
func (c *lsCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find()
	if err != nil {
		return err
	}
	query := url.Values{"dir": {c.Dir}}
	if c.Recursive {
		query.Set("recursive", "1")
	}
	var list struct {
		Entries []struct {
			Path     string    `json:"path"`
			Type     string    `json:"type"`
			Size     int64     `json:"size"`
			Modified time.Time `json:"modified"`
			Room     *room     `json:"room"`
		} `json:"entries"`
	}
	if err := hub.call(ctx, http.MethodGet, "api/v1/notebooks?"+query.Encode(), nil, &list); err != nil {
		return err
	}
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, e := range list.Entries {
		if e.Type == "directory" {
			fmt.Fprintf(table, "%s/\t\t%s\t\n", e.Path, localTime(e.Modified))
			continue
		}
		open := ""
		if e.Room != nil {
			open = fmt.Sprintf("open in %s", e.Room.ID)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", e.Path, e.Size, localTime(e.Modified), open)
	}
	return table.Flush()
}

type roomsCmd struct {
	target
	Untitled bool `help:"Untitled notebooks at rest too."`
}

// Run prints the rooms.
func (c *roomsCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find()
	if err != nil {
		return err
	}
	path := "api/v1/rooms"
	if c.Untitled {
		path += "?untitled=1"
	}
	var list struct{ Rooms []room }
	if err := hub.call(ctx, http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, r := range list.Rooms {
		names := make([]string, len(r.Peers))
		for i, p := range r.Peers {
			names[i] = p.Name
		}
		unsaved := ""
		if r.Unsaved {
			unsaved = "unsaved"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.ID, r.name(), r.State, unsaved, strings.Join(names, ", "))
	}
	return table.Flush()
}

type openCmd struct {
	target
	Path   string `arg:"" optional:"" help:"Notebook, relative to the root; without it an untitled one is started."`
	Create bool   `help:"The file need not exist; the first save makes it."`
}

// Run opens a room and prints its id.
func (c *openCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find()
	if err != nil {
		return err
	}
	body := map[string]any{}
	if c.Path != "" {
		body["path"] = c.Path
	}
	if c.Create {
		body["create"] = true
	}
	var r room
	if err := hub.call(ctx, http.MethodPost, "api/v1/rooms", body, &r); err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, r.ID)
	return err
}

type saveCmd struct {
	target
	Room      string `arg:"" help:"Room id, or the path that it holds."`
	As        string `help:"Save to another path." placeholder:"PATH"`
	Overwrite bool   `help:"Replace a file that is there."`
}

// Run saves a room and prints what is on disk.
func (c *saveCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find()
	if err != nil {
		return err
	}
	id, err := hub.lookup(ctx, c.Room)
	if err != nil {
		return err
	}
	body := map[string]any{}
	if c.As != "" {
		body["path"], body["overwrite"] = c.As, c.Overwrite
	}
	var saved struct{ Path, SHA256 string }
	if err := hub.call(ctx, http.MethodPost, "api/v1/rooms/"+id+"/save", body, &saved); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "%s  %s\n", saved.SHA256, saved.Path)
	return err
}

type closeCmd struct {
	target
	Room string `arg:"" help:"Room id, or the path that it holds."`
}

// Run saves and closes a room.
func (c *closeCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find()
	if err != nil {
		return err
	}
	id, err := hub.lookup(ctx, c.Room)
	if err != nil {
		return err
	}
	return hub.call(ctx, http.MethodDelete, "api/v1/rooms/"+id, nil, nil)
}

type versionCmd struct {
	target
}

// Run prints our version, and the hub's when one runs.
func (c *versionCmd) Run(ctx context.Context, con *console) error {
	fmt.Fprintf(con.out, "hub %s\n", version)
	hub, err := c.find()
	if err != nil {
		return nil // none runs, or none that can be found
	}
	var health json.RawMessage
	if err := hub.call(ctx, http.MethodGet, "healthz", nil, &health); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "at %s: %s\n", hub.base, health)
	return err
}
