package jupyter

import (
	"errors"
	"reflect"
	"testing"
)

func frames(t testing.TB, c *Codec) [][]byte {
	t.Helper()
	f, err := c.Encode([][]byte{[]byte("id")}, Header{ID: "1", Type: "stream"}, []byte(`{"msg_id":"0"}`), map[string]any{"text": "é"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMessagesSurviveTheWire(t *testing.T) {
	c := NewCodec("key")
	m, err := c.Decode(append(frames(t, c), []byte("buffer")))
	if err != nil || m.Header.ID != "1" || m.Parent.ID != "0" || string(m.Content) != `{"text":"é"}` ||
		len(m.Buffers) != 1 || string(m.Identities[0]) != "id" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestEveryChangeOfASignedFrameIsNoticed(t *testing.T) {
	c := NewCodec("key")
	for i := 2; i < 7; i++ {
		f := frames(t, c)
		f[i][len(f[i])-1] ^= 1
		if _, err := c.Decode(f); !errors.Is(err, ErrMalformed) {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	if _, err := NewCodec("other").Decode(frames(t, c)); !errors.Is(err, ErrMalformed) {
		t.Errorf("another key: %v", err)
	}
	if _, err := c.Decode(frames(t, NewCodec(""))); !errors.Is(err, ErrMalformed) {
		t.Errorf("no signature: %v", err)
	}
}

func TestNumbersThatAreNoneBecomeNull(t *testing.T) {
	var got map[string]any
	err := Unmarshal([]byte(`{"a": [NaN, -Infinity, Infinity, -1], "NaN": "say \"NaN\" -Infinity"}`), &got)
	want := map[string]any{"a": []any{nil, nil, nil, -1.0}, "NaN": `say "NaN" -Infinity`}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "{", "Nan", "[-Inf]", `{"a" NaN}`} {
		if err := Unmarshal([]byte(bad), &got); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"msg_type":"stream","msg_id":"1"}`), []byte(`{"msg_id":"0"}`), []byte(`{"text":NaN}`), 0)
	f.Add([]byte(`{}`), []byte(`null`), []byte(`"\`), 3)
	f.Fuzz(func(t *testing.T, header, parent, content []byte, cut int) {
		c := NewCodec("key")
		all := c.EncodeRaw([][]byte{header}, header, parent, content)
		if m, err := c.Decode(all); err == nil && m.Header.Type == "" {
			t.Fatal("a message without a type")
		} else if err != nil && !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
		if cut >= 0 && cut < len(all) {
			_, _ = c.Decode(all[:cut])
			_, _, _ = Peek(all[:cut])
		}
		var v any
		_ = Unmarshal(content, &v)
	})
}
