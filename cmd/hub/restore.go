package main

import (
	"context"
	"fmt"
	"net/http"
)

type restoreCmd struct {
	target
	Notebook nonEmpty `arg:"" help:"Notebook's path, relative to the folder that the hub serves or as the shell completes it, or its room's id."`
	Version  nonEmpty `arg:"" help:"Version's id, or the beginning of it, as hub versions prints it."`
}

func (c *restoreCmd) Help() string {
	return `The present state becomes a version itself: restoring that one takes a restore back. People in the room see the change as edits, and go on typing.`
}

// Run restores a version and saves the notebook. The former state becomes a
// version itself.
func (c *restoreCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	room, err := hub.lookupOrOpen(ctx, string(c.Notebook))
	if err != nil {
		return err
	}
	version, err := hub.version(ctx, room, string(c.Version))
	if err != nil {
		return err
	}
	if _, err := hub.call(ctx, http.MethodPost, versionPath(room, version)+"/restore", nil, nil); err != nil {
		return err
	}
	s, err := hub.save(ctx, room, nil)
	if err != nil {
		return fmt.Errorf("restored in the room, but the file is as it was: %w", err)
	}
	return s.print(con)
}
