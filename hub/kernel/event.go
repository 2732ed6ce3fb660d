package kernel

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/notebook"
)

// What an [Event] can be.
const (
	KindStream        = "stream"
	KindDisplay       = "display_data"
	KindResult        = "execute_result"
	KindError         = "error"
	KindClear         = "clear_output"
	KindUpdateDisplay = "update_display_data"
	KindInput         = "execute_input"
	KindPrompt        = "input_request"
)

// Event is one thing that running code did. Which fields hold something depends
// on Kind.
type Event struct {
	Kind      string
	Name      string          // stream: stdout or stderr
	Text      string          // stream
	Output    notebook.Output // display_data, execute_result, error, update_display_data: in nbformat's shape
	DisplayID string          // display_data, execute_result, update_display_data; "" is none
	Wait      bool            // clear_output: only when the next output comes
	Count     int64           // execute_input, execute_result
	Prompt    string          // input_request
	Password  bool            // input_request: not to be shown
}

// content is what the messages that become events hold, all in one.
type content struct {
	Name      string  `json:"name"`
	Text      string  `json:"text"`
	Data      any     `json:"data"` // can be large, so it is decoded in one go
	Metadata  object  `json:"metadata"`
	Count     float64 `json:"execution_count"`
	Ename     string  `json:"ename"`
	Evalue    string  `json:"evalue"`
	Traceback lines   `json:"traceback"`
	Wait      bool    `json:"wait"`
	Prompt    string  `json:"prompt"`
	Password  bool    `json:"password"`
	Pwd       bool    `json:"pwd"` // xeus-python's name for it
	State     string  `json:"execution_state"`
	Transient object  `json:"transient"`
}

// object takes a JSON object, and anything else for an empty one: some languages
// cannot tell an empty list from an empty object.
type object map[string]any

// UnmarshalJSON fails only on what is no JSON.
func (o *object) UnmarshalJSON(data []byte) error {
	m := map[string]any{}
	if len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
	}
	*o = m
	return nil
}

// lines takes a list of strings, or a single one, for the same reason.
type lines []string

// UnmarshalJSON fails on other types.
func (l *lines) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*l = make(lines, 1)
		return json.Unmarshal(data, &(*l)[0])
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// decode makes an event of a message. ok is false for messages that are none:
// status, comms, debugging, and what later protocols bring.
func decode(m jupyter.Message) (ev Event, ok bool, err error) {
	switch m.Header.Type {
	case KindStream, KindDisplay, KindResult, KindError, KindClear, KindUpdateDisplay, KindInput, KindPrompt:
	default:
		return Event{}, false, nil
	}
	var c content
	if err := jupyter.Unmarshal(m.Content, &c); err != nil {
		return Event{}, false, fmt.Errorf("decode %s: %w", m.Header.Type, err)
	}
	ev = Event{Kind: m.Header.Type}
	switch ev.Kind {
	case KindStream:
		ev.Name, ev.Text = streamName(c.Name), c.Text
	case KindDisplay, KindResult, KindUpdateDisplay:
		c.display(&ev)
	case KindError:
		ev.Output = errorOutput(c.Ename, c.Evalue, c.Traceback)
	case KindClear:
		ev.Wait = c.Wait
	case KindInput:
		ev.Count = int64(c.Count)
	case KindPrompt:
		ev.Prompt, ev.Password = c.Prompt, c.Password || c.Pwd
	}
	if ev.Kind == KindUpdateDisplay && ev.DisplayID == "" {
		return Event{}, false, fmt.Errorf("%w: an update of no display", jupyter.ErrMalformed)
	}
	return ev, true, nil
}

// streamName keeps to the two streams that notebooks know.
func streamName(name string) string {
	if name == "stderr" {
		return name
	}
	return "stdout"
}

func (c *content) display(ev *Event) {
	data, _ := c.Data.(map[string]any)
	metadata := map[string]any(c.Metadata)
	if data == nil {
		data = map[string]any{}
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	ev.DisplayID, _ = c.Transient["display_id"].(string)
	ev.Output = notebook.Output{"output_type": KindDisplay, "data": data, "metadata": metadata}
	if ev.Kind == KindResult {
		ev.Count = int64(c.Count)
		ev.Output["output_type"] = KindResult
		ev.Output["execution_count"] = c.Count
	}
}

func errorOutput(name, value string, traceback []string) notebook.Output {
	lines := make([]any, len(traceback))
	for i, l := range traceback {
		lines[i] = l
	}
	return notebook.Output{"output_type": KindError, "ename": name, "evalue": value, "traceback": lines}
}

// event tells, where the output would have been, that it was left out.
func (l *loss) event() Event {
	var text strings.Builder
	if l.single {
		fmt.Fprintf(&text, "\n[an output of more than %s was left out]\n", megabytes(l.bytes))
	} else {
		fmt.Fprintf(&text, "\n[%d outputs (%s) were left out, as they came faster than they could be taken; the code was interrupted]\n",
			l.count, megabytes(l.bytes))
	}
	return Event{Kind: KindStream, Name: "stderr", Text: text.String()}
}

func megabytes(n uint64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
