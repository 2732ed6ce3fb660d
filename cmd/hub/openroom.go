package main

import (
	"context"
	"fmt"
	"net/http"
)

type openCmd struct {
	target
	Path   nonEmpty `arg:"" optional:"" help:"Notebook, relative to the folder that the hub serves, or as the shell completes it; without it an untitled one is started."`
	Create bool     `help:"The file need not exist; the first save makes it."`
	Kernel string   `help:"Kernel of a new notebook, such as python3." placeholder:"NAME"`
}

// Run opens a room and prints its id.
func (c *openCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	body := map[string]any{}
	if c.Path != "" {
		body["path"] = hub.pathOf(string(c.Path))
	}
	if c.Create {
		body["create"] = true
	}
	if c.Kernel != "" {
		body["kernel"] = c.Kernel
	}
	var r room
	if _, err := hub.call(ctx, http.MethodPost, "api/v1/rooms", body, &r); err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, r.ID)
	return err
}
