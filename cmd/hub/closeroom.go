package main

import (
	"context"
	"net/http"
)

type closeCmd struct {
	target
	Room nonEmpty `arg:"" help:"Room: its id, or the path that it holds."`
}

// Run saves and closes a room, and prints what is on disk.
func (c *closeCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	id, err := hub.lookup(ctx, string(c.Room))
	if err != nil {
		return err
	}
	var s saved
	if _, err := hub.call(ctx, http.MethodDelete, "api/v1/rooms/"+id, nil, &s); err != nil {
		return err
	}
	return s.print(con)
}
