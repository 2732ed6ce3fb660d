package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

type saveCmd struct {
	target
	Room      nonEmpty `arg:"" help:"Room: its id, or the path that it holds."`
	As        string   `help:"Save to another path; the room moves there." placeholder:"PATH"`
	Overwrite bool     `help:"With --as: replace a file that is there already; it is kept as a version."`
	Recreate  bool     `help:"Write the file again after it was deleted outside."`
}

// Run saves a room and prints the hash of what is on disk, and where.
func (c *saveCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	id, err := hub.lookup(ctx, string(c.Room))
	if err != nil {
		return err
	}
	body := map[string]any{}
	if c.As != "" {
		body["path"], body["overwrite"] = c.As, c.Overwrite
		if filepath.IsAbs(c.As) {
			body["path"] = hub.pathOf(c.As)
		}
	}
	if c.Recreate {
		body["recreate"] = true
	}
	s, err := hub.save(ctx, id, body)
	var told *problem
	switch errors.As(err, &told); {
	case err == nil:
		return s.print(con)
	case told != nil && told.Code == "invalid_path" && c.As == "":
		return fmt.Errorf("save: %w; give --as PATH", err)
	case told != nil && told.Code == "file_exists":
		return fmt.Errorf("save: there is a file %s already; --overwrite replaces it, and keeps it as a version (file_exists)", c.As)
	case told != nil && told.Code == "file_missing":
		return fmt.Errorf("save: %w; --recreate writes it again, --as PATH another file", err)
	}
	return err
}

func (s saved) print(con *console) error {
	for _, note := range s.Notes {
		fmt.Fprintln(con.err, "note:", note)
	}
	if s.Path == "" {
		_, err := fmt.Fprintln(con.out, "kept in the hub, untitled")
		return err
	}
	_, err := fmt.Fprintf(con.out, "%s  %s\n", s.SHA256, s.Path)
	return err
}
