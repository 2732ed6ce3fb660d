package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

type versionsCmd struct {
	target
	Notebook nonEmpty `arg:"" help:"Notebook's path, relative to the folder that the hub serves or as the shell completes it, or its room's id."`
	Keep     bool     `help:"Keep the present state as a version first."`
}

// kept is a former state of a notebook.
type kept struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	Size   int64     `json:"size"`
	Cells  int       `json:"cells"`
}

// Run prints the versions, the newest first: id, time, cells, bytes, why it was
// kept, and who made the change.
func (c *versionsCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	id, err := hub.lookupOrOpen(ctx, string(c.Notebook))
	if err != nil {
		return err
	}
	if c.Keep {
		if _, err := hub.call(ctx, http.MethodPost, "api/v1/rooms/"+id+"/versions", nil, nil); err != nil {
			return err
		}
	}
	list, err := hub.versions(ctx, id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(con.err, "No former version is kept. They are, before something is replaced or removed; --keep keeps the present state.")
	}
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, v := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", v.ID, localTime(v.Time), cellCount(v.Cells), v.Size, strings.ReplaceAll(v.Reason, "_", " "), v.By)
	}
	return table.Flush()
}

func (c *client) versions(ctx context.Context, room string) ([]kept, error) {
	var list struct{ Versions []kept }
	_, err := c.call(ctx, http.MethodGet, "api/v1/rooms/"+room+"/versions", nil, &list)
	return list.Versions, err
}

// version finds a version of a room by the beginning of its id.
func (c *client) version(ctx context.Context, room, id string) (string, error) {
	list, err := c.versions(ctx, room)
	if err != nil {
		return "", err
	}
	var found []string
	for _, v := range list {
		if v.ID == id {
			return v.ID, nil
		}
		if strings.HasPrefix(v.ID, id) {
			found = append(found, v.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("find version: there is no %s; `hub versions` lists them", id)
	}
	return "", fmt.Errorf("find version: %s is the beginning of %d of them", id, len(found))
}

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}

func versionPath(room, version string) string {
	return "api/v1/rooms/" + room + "/versions/" + url.PathEscape(version)
}
