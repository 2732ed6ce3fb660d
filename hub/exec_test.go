package hub_test

import (
	"context"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// runUntil is a cell that runs until it is told to finish or interrupted.
func runUntil(finish <-chan struct{}) func(*hubtest.Kernel, context.Context, hub.KernelRun, func(hub.KernelEvent)) (hub.KernelReply, error) {
	return func(k *hubtest.Kernel, ctx context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
		sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "running " + run.Code})
		select {
		case <-finish:
			return hub.KernelReply{Status: "ok"}, nil
		case <-k.Interrupted():
			return hub.KernelReply{Status: "error", Reason: "KeyboardInterrupt"}, nil
		case <-k.Done():
			return hub.KernelReply{}, k.Err()
		case <-ctx.Done():
			return hub.KernelReply{}, ctx.Err()
		}
	}
}
