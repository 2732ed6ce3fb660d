package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/notebookhub/hub/hub/notebook"
)

// execution is what the commands need to know of one run of a cell.
type execution struct {
	ID       string            `json:"id"`
	Cell     string            `json:"cell"`
	State    string            `json:"state"`
	Reason   string            `json:"reason"`
	Count    *int64            `json:"execution_count"`
	Started  *time.Time        `json:"started"`
	Finished *time.Time        `json:"finished"`
	Outputs  []notebook.Output `json:"outputs"`
}

func (e execution) over() bool {
	return slices.Contains([]string{"done", "error", "cancelled"}, e.State)
}

// took is how long it ran.
func (e execution) took() time.Duration {
	if e.Started == nil || e.Finished == nil {
		return 0
	}
	return e.Finished.Sub(*e.Started)
}

// execute queues cells of a room.
func (c *client) execute(ctx context.Context, room string, body map[string]any) ([]execution, error) {
	var list struct{ Executions []execution }
	_, err := c.call(ctx, http.MethodPost, "api/v1/rooms/"+room+"/executions", body, &list)
	return list.Executions, err
}

// await returns an execution that is over. When ctx ends first the execution and
// those behind it are cancelled, and the error is why ctx ended.
func (c *client) await(ctx context.Context, id string, behind ...execution) (execution, error) {
	for {
		var e execution
		_, err := c.call(ctx, http.MethodGet, "api/v1/executions/"+id+"?wait=30s", nil, &e)
		switch {
		case ctx.Err() != nil:
			e, err = c.giveUp(ctx, id, behind)
			return e, errors.Join(context.Cause(ctx), err)
		case err != nil || e.over():
			return e, err
		}
	}
}

// giveUp cancels executions, the last first so that none begins meanwhile, and
// returns the first as it ends: what it shows about that belongs to the notebook.
func (c *client) giveUp(ctx context.Context, id string, behind []execution) (e execution, err error) {
	for _, b := range slices.Backward(behind) {
		err = errors.Join(err, c.cancel(ctx, b.ID))
	}
	err = errors.Join(err, c.cancel(ctx, id))
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	_, lost := c.call(ctx, http.MethodGet, "api/v1/executions/"+id+"?wait=5s", nil, &e)
	return e, errors.Join(err, lost)
}

// cancel ends an execution although ctx has ended.
func (c *client) cancel(ctx context.Context, id string) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	if _, err := c.call(ctx, http.MethodDelete, "api/v1/executions/"+id, nil, nil); err != nil {
		return fmt.Errorf("cancel execution: %w", err)
	}
	return nil
}

// seconds tells a duration for a person.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
