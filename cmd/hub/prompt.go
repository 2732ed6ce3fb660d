package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// prompt is a question of a running cell.
type prompt struct {
	Execution string `json:"execution"`
	Prompt    string `json:"prompt"`
	Password  bool   `json:"password"`
}

// answerPrompts follows a room and deals with what its cells ask for, until the
// function that it returns is called.
func (c *client) answerPrompts(ctx context.Context, con *console, room string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	res, err := c.send(ctx, http.MethodGet, "api/v1/rooms/"+room+"/events", nil)
	if err != nil {
		fmt.Fprintln(con.err, "hub: questions of cells will not be seen here:", err)
		return cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer res.Body.Close()
		events := bufio.NewReader(res.Body)
		for {
			p, err := nextPrompt(events)
			if err != nil {
				return // the room has gone, or we are done
			}
			c.answer(ctx, con, room, p)
		}
	}()
	return func() {
		cancel()
		if !terminal(con.in) {
			<-done // else it may be waiting for a person, and ends with the program
		}
	}
}

// nextPrompt reads server-sent events up to a question.
func nextPrompt(events *bufio.Reader) (prompt, error) {
	asked := false
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			return prompt{}, err
		}
		field, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case field == "event":
			asked = value == "prompt"
		case field == "data" && asked:
			var e struct{ Data prompt }
			return e.Data, json.Unmarshal([]byte(value), &e)
		}
	}
}

// answer asks the person at the terminal. Without one the question waits for
// somebody else in the room.
func (c *client) answer(ctx context.Context, con *console, room string, p prompt) {
	switch {
	case c.alone && (p.Password || !terminal(con.in)):
		fmt.Fprintf(con.err, "The cell asks %q, and nobody is here to answer.\n", p.Prompt)
		if err := c.cancel(ctx, p.Execution); err != nil {
			fmt.Fprintln(con.err, "hub:", err)
		}
		return
	case p.Password:
		fmt.Fprintf(con.err, "The cell asks for a password: %q. Answer in a browser, where it is not shown, or interrupt.\n", p.Prompt)
		return
	case !terminal(con.in):
		fmt.Fprintf(con.err, "The cell asks: %q. Answer in a browser, or interrupt.\n", p.Prompt)
		return
	}
	fmt.Fprint(con.err, p.Prompt)
	line, err := bufio.NewReader(con.in).ReadString('\n')
	if err == nil {
		body := map[string]any{"execution": p.Execution, "value": strings.TrimRight(line, "\r\n")}
		_, err = c.call(ctx, http.MethodPost, "api/v1/rooms/"+room+"/prompt", body, nil)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(con.err, "hub: not answered:", err)
	}
}

// terminal tells whether a person is at the other end of a reader or writer.
func terminal(end any) bool {
	file, ok := end.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
