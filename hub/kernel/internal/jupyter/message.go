package jupyter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Version is the protocol version that our messages claim.
const Version = "5.3"

const delimiter = "<IDS|MSG>"

// ErrMalformed is wrapped by errors about messages that are not Jupyter's, or
// whose signature is wrong.
var ErrMalformed = errors.New("malformed message")

// Header begins every message.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// Message is a decoded message. Its slices point into the frames it came from.
type Message struct {
	Identities [][]byte // routing frames; on iopub the topic
	Header     Header
	Parent     Header // zero when it answers nothing
	RawHeader  []byte // as received: the parent of an answer
	Content    []byte // a JSON object
	Buffers    [][]byte
}

// Codec signs and verifies with the key of one connection.
type Codec struct{ key []byte }

// NewCodec returns a codec; an empty key means unsigned messages.
func NewCodec(key string) *Codec { return &Codec{key: []byte(key)} }

func (c *Codec) sign(parts [][]byte) []byte {
	if len(c.key) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, c.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return []byte(hex.EncodeToString(mac.Sum(nil)))
}

// Encode makes the frames of a message. parent is the raw header of what it
// answers, or nil.
func (c *Codec) Encode(identities [][]byte, h Header, parent []byte, content any) ([][]byte, error) {
	header, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode content: %w", err)
	}
	if len(parent) == 0 {
		parent = []byte("{}")
	}
	return c.EncodeRaw(identities, header, parent, body), nil
}

// EncodeRaw is Encode for parts that are encoded already, or are no JSON at all.
func (c *Codec) EncodeRaw(identities [][]byte, header, parent, content []byte) [][]byte {
	parts := [][]byte{header, parent, []byte("{}"), content}
	frames := append([][]byte{}, identities...)
	frames = append(frames, []byte(delimiter), c.sign(parts))
	return append(frames, parts...)
}

// split finds the delimiter and returns what is before and after it.
func split(frames [][]byte) (identities, rest [][]byte, err error) {
	for i, f := range frames {
		if string(f) == delimiter {
			return frames[:i], frames[i+1:], nil
		}
	}
	return nil, nil, fmt.Errorf("%w: no delimiter", ErrMalformed)
}

// Decode verifies and decodes a message. The signature is over the bytes as they
// came, before anything is believed.
func (c *Codec) Decode(frames [][]byte) (Message, error) {
	identities, rest, err := split(frames)
	if err != nil {
		return Message{}, err
	}
	if len(rest) < 5 {
		return Message{}, fmt.Errorf("%w: %d frames behind the delimiter", ErrMalformed, len(rest))
	}
	if !hmac.Equal(rest[0], c.sign(rest[1:5])) && len(c.key) > 0 {
		return Message{}, fmt.Errorf("%w: wrong signature", ErrMalformed)
	}
	m := Message{Identities: identities, RawHeader: rest[1], Content: rest[4], Buffers: rest[5:]}
	if m.Header, m.Parent, err = headers(rest); err != nil {
		return Message{}, err
	}
	return m, nil
}

func headers(rest [][]byte) (header, parent Header, err error) {
	if err := json.Unmarshal(rest[1], &header); err != nil || header.Type == "" {
		return header, parent, fmt.Errorf("%w: header: %v", ErrMalformed, err)
	}
	if err := json.Unmarshal(rest[2], &parent); err != nil {
		return header, parent, fmt.Errorf("%w: parent header: %v", ErrMalformed, err)
	}
	return header, parent, nil
}

// Peek reads the headers of a message that may be incomplete, without verifying
// anything: good for deciding what to leave out, for nothing else.
func Peek(frames [][]byte) (header, parent Header, ok bool) {
	_, rest, err := split(frames)
	if err != nil || len(rest) < 3 {
		return Header{}, Header{}, false
	}
	header, parent, err = headers(rest)
	return header, parent, err == nil
}

// Unmarshal decodes JSON as kernels write it: NaN and the infinities, which
// Python and R let slip through, become null.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	mended, changed := withoutNaN(data)
	if !changed {
		return fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if err := json.Unmarshal(mended, v); err != nil {
		return fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return nil
}

// withoutNaN replaces the words for numbers that JSON does not have.
func withoutNaN(data []byte) ([]byte, bool) {
	var out []byte
	quoted, done := false, 0
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case !quoted && (b == 'N' || b == 'I' || b == '-'):
			n := notNumber(data[i:])
			if n == 0 {
				continue
			}
			out = append(append(out, data[done:i]...), "null"...)
			done = i + n
			i = done - 1
		}
	}
	return append(out, data[done:]...), done > 0
}

func notNumber(b []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return len(word)
		}
	}
	return 0
}
