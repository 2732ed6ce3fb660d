package hub_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// Putting a notebook ends although people type.
func TestPut_EndsWhilePeopleType(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook(strings.Repeat("x\n", 200000), "y"))
	room := e.Open("a.ipynb")
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				text := fmt.Sprint("typed ", i)
				if _, err := e.Hub.PatchCell(ctx, room, "b", hub.CellPatch{Source: &text}, hub.Client{}); err != nil {
					return
				}
			}
		}
	}()
	limit, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err := e.Hub.PutNotebook(limit, room, []byte(hubtest.Notebook("new", "y")), "", hub.Client{})
	if err != nil {
		t.Error(err)
	}
	close(stop)
	<-ended
}
