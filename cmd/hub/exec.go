package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

type execCmd struct {
	target
	Room    nonEmpty `arg:"" help:"Room: its id, or a notebook's path, which is opened when need be."`
	Code    string   `arg:"" help:"Code in the language of the room's kernel; - reads it from standard input."`
	Keep    bool     `help:"Leave the code and its outputs in the notebook, as its last cell."`
	Timeout span     `help:"Interrupt the code after so long. Default: never." placeholder:"DURATION"`
}

// Run puts the code into the notebook as its last cell, where everybody sees it
// run, prints the outputs, and takes the cell out again. It fails when the code
// does.
func (c *execCmd) Run(ctx context.Context, con *console) error {
	hub, err := c.find(ctx)
	if err != nil {
		return err
	}
	code := c.Code
	if code == "-" {
		data, err := io.ReadAll(con.in)
		if err != nil {
			return fmt.Errorf("read code: %w", err)
		}
		code = string(data)
	}
	room, err := hub.lookupOrOpen(ctx, string(c.Room))
	if err != nil {
		return err
	}
	ctx, cancel := limited(ctx, time.Duration(c.Timeout))
	defer cancel()
	e, err := c.runCell(ctx, con, hub, room, code)
	printOutputs(con, e.Outputs)
	if err != nil {
		return err
	}
	if e.State != "done" {
		return fmt.Errorf("run code: %s: %s", e.State, e.Reason)
	}
	return nil
}

func (c *execCmd) runCell(ctx context.Context, con *console, hub *client, room, code string) (e execution, err error) {
	var cell struct{ ID string }
	cells := "api/v1/rooms/" + room + "/cells"
	if _, err := hub.call(ctx, http.MethodPost, cells, map[string]any{"source": code}, &cell); err != nil {
		return e, err
	}
	if !c.Keep {
		defer func() {
			_, gone := hub.call(context.WithoutCancel(ctx), http.MethodDelete, cells+"/"+cell.ID, nil, nil)
			if err == nil && gone != nil {
				err = fmt.Errorf("take the cell out again: %w", gone)
			}
		}()
	}
	defer hub.answerPrompts(ctx, con, room)()
	list, err := hub.execute(ctx, room, map[string]any{"cells": []string{cell.ID}})
	if err != nil {
		return e, err
	}
	return hub.await(ctx, list[0].ID)
}

// limited is ctx with a limit, 0 for none.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("stop after %s, as --timeout says", limit))
}
