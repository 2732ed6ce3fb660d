package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
)

type roomsCmd struct {
	target
	Untitled bool `short:"u" help:"Untitled notebooks that are not open too."`
}

// Run prints the rooms: id, path, state, whether something is unsaved, who is
// there.
func (c *roomsCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	path := "api/v1/rooms"
	if c.Untitled {
		path += "?untitled=1"
	}
	var list struct{ Rooms []room }
	if _, err := hub.call(ctx, http.MethodGet, path, nil, &list); err != nil {
		return err
	}
	if len(list.Rooms) == 0 {
		fmt.Fprintln(con.err, "No room is open.")
	}
	table := tabwriter.NewWriter(con.out, 0, 4, 2, ' ', 0)
	for _, r := range list.Rooms {
		fmt.Fprintln(table, strings.Join([]string{r.ID, r.name(), r.State, r.unsaved(), r.who()}, "\t"))
	}
	return table.Flush()
}

func (r room) unsaved() string {
	if r.Unsaved {
		return "unsaved"
	}
	return "saved"
}

func (r room) who() string {
	if len(r.Peers) == 0 {
		return "nobody"
	}
	names := make([]string, len(r.Peers))
	for i, p := range r.Peers {
		if names[i] = p.Name; p.Name == "" {
			names[i] = "somebody"
		}
	}
	return strings.Join(names, ", ")
}
