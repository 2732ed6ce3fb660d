package kernel

import (
	"reflect"
	"testing"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/notebook"
)

func message(kind, content string) jupyter.Message {
	return jupyter.Message{Header: jupyter.Header{Type: kind}, Content: []byte(content)}
}

func TestMessagesBecomeEventsWhateverTheirLanguageMakesOfEmptyThings(t *testing.T) {
	for _, test := range []struct {
		kind, content string
		want          Event
	}{
		{"stream", `{"name":"stderr","text":"a"}`, Event{Kind: KindStream, Name: "stderr", Text: "a"}},
		{"stream", `{"name":"log","text":"a"}`, Event{Kind: KindStream, Name: "stdout", Text: "a"}},
		{"clear_output", `{"wait":true}`, Event{Kind: KindClear, Wait: true}},
		{"execute_input", `{"code":"x","execution_count":3}`, Event{Kind: KindInput, Count: 3}},
		{"input_request", `{"prompt":"?","pwd":true}`, Event{Kind: KindPrompt, Prompt: "?", Password: true}},
		{"display_data", `{"data":{"text/plain":"x"},"metadata":[],"transient":[]}`, Event{Kind: KindDisplay, Output: notebook.Output{
			"output_type": "display_data", "data": map[string]any{"text/plain": "x"}, "metadata": map[string]any{},
		}}},
		{"display_data", `{"data":null,"transient":{"display_id":"d"}}`, Event{Kind: KindDisplay, DisplayID: "d", Output: notebook.Output{
			"output_type": "display_data", "data": map[string]any{}, "metadata": map[string]any{},
		}}},
		{"execute_result", `{"data":{},"metadata":{},"execution_count":2.0}`, Event{Kind: KindResult, Count: 2, Output: notebook.Output{
			"output_type": "execute_result", "data": map[string]any{}, "metadata": map[string]any{}, "execution_count": 2.0,
		}}},
		{"error", `{"ename":"E","evalue":"v","traceback":"one line"}`, Event{Kind: KindError, Output: notebook.Output{
			"output_type": "error", "ename": "E", "evalue": "v", "traceback": []any{"one line"},
		}}},
	} {
		got, ok, err := decode(message(test.kind, test.content))
		if !ok || err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %s: %+v %v %v", test.kind, test.content, got, ok, err)
		}
	}
}

func TestMessagesThatShowNothingAreNoEvents(t *testing.T) {
	for _, kind := range []string{"comm_open", "comm_msg", "debug_event", "status", "shutdown_reply", "new in 6.0"} {
		if ev, ok, err := decode(message(kind, "anything")); ok || err != nil {
			t.Errorf("%s: %+v, %v", kind, ev, err)
		}
	}
}

func FuzzEvent(f *testing.F) {
	f.Add("display_data", `{"data":{"a":[1,NaN]},"transient":{"display_id":"x"}}`)
	f.Add("error", `{"traceback":["a"],"ename":1}`)
	f.Fuzz(func(t *testing.T, kind, content string) {
		ev, ok, err := decode(message(kind, content))
		if ok && (err != nil || ev.Kind != kind) {
			t.Fatalf("%+v %v", ev, err)
		}
		if data, has := ev.Output["data"]; has && data == nil {
			t.Fatal("a display without data")
		}
	})
}
