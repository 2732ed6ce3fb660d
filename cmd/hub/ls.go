package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"
)

type lsCmd struct {
	target
	Dir       string `arg:"" optional:"" help:"Folder, relative to the one that the hub serves, or as the shell completes it."`
	Recursive bool   `short:"r" help:"Folders below it too."`
}

// Run prints a folder.
func (c *lsCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	dir := hub.pathOf(c.Dir)
	query := url.Values{"dir": {dir}}
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
		Truncated bool `json:"truncated"`
	}
	if _, err := hub.call(ctx, http.MethodGet, "api/v1/notebooks?"+query.Encode(), nil, &list); err != nil {
		var told *problem
		if errors.As(err, &told) && told.Code == "notebook_not_found" {
			return fmt.Errorf("list folder: the hub serves no folder %s (%s)", dir, told.Code)
		}
		return err
	}
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, e := range list.Entries {
		switch {
		case e.Type == "folder":
			fmt.Fprintf(table, "%s/\t\t%s\n", e.Path, localTime(e.Modified))
		case e.Room != nil:
			fmt.Fprintf(table, "%s\t%d\t%s\topen in room %s\n", e.Path, e.Size, localTime(e.Modified), e.Room.ID)
		default:
			fmt.Fprintf(table, "%s\t%d\t%s\n", e.Path, e.Size, localTime(e.Modified))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if list.Truncated {
		fmt.Fprintln(con.err, "There is more than this list tells; name a folder.")
	}
	return nil
}
