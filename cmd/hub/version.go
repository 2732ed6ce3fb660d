package main

import (
	"context"
	"fmt"
	"net/http"
)

type versionCmd struct {
	target
}

// Run prints our version, and that of the hub that runs, if one does.
func (c *versionCmd) Run(ctx context.Context, con *console) error {
	fmt.Fprintf(con.out, "hub %s\n", version)
	hub, err := c.find(ctx)
	if err != nil {
		if c.URL != "" {
			return err
		}
		return nil // none runs, or it is not clear which is meant
	}
	var me struct{ Version string }
	if _, err := hub.call(ctx, http.MethodGet, "api/v1/me", nil, &me); err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, "at %s runs %s\n", hub.base, me.Version)
	return err
}
