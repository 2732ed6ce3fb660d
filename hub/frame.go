package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/notebookhub/hub/hub/yjs"
)

// Kinds of messages on a room's socket: the first number of each. Those below
// 100 are y-websocket's; the rest is the sub-protocol notebook-hub.v1.
const (
	kindSync      = yjs.MessageSync
	kindAwareness = yjs.MessageAwareness
	kindRaw       = yjs.MessageRaw // Jupyter's save request and replies
	kindQuery     = yjs.MessageQueryAwareness
	KindEvent     = 100 // hub to client: a JSON string
	KindRequest   = 101 // client to hub: a JSON string with an id
	KindReply     = 102 // hub to client: a JSON string with the same id
)

// errTooLarge ends a connection whose message is above the cap of its kind.
var errTooLarge = errors.New("message above its cap")

// keepAlive is an awareness message that names nobody. y-websocket drops a
// server from which it hears nothing for 30 s, and pings do not count.
var keepAlive = []byte{kindAwareness, 1, 0}

// readFrame reads one message. Its size is bounded by the cap of its kind
// before anything is allocated for it: what a client claims costs nothing, only
// what it sends.
func readFrame(from io.Reader, caps Caps) (kind uint64, payload []byte, err error) {
	var head [10]byte
	n := 0
	for n == 0 || head[n-1] >= 0x80 {
		if n == len(head) {
			return 0, nil, fmt.Errorf("read kind: %w", yjs.ErrMalformed)
		}
		if _, err := io.ReadFull(from, head[n:n+1]); err != nil {
			return 0, nil, err
		}
		n++
	}
	kind, _, err = yjs.ReadVarUint(head[:n])
	if err != nil {
		return 0, nil, err
	}
	limit := capOf(kind, caps)
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(io.LimitReader(from, limit+1)); err != nil {
		return 0, nil, err
	}
	if int64(buf.Len()) > limit {
		return kind, nil, errTooLarge
	}
	return kind, buf.Bytes(), nil
}

func capOf(kind uint64, caps Caps) int64 {
	switch kind {
	case kindSync:
		return caps.Sync
	case kindAwareness:
		return caps.Awareness
	}
	return caps.Request
}

// jsonFrame encodes a message that carries a JSON string.
func jsonFrame(kind uint64, value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		data = []byte(`{"type":"error"}`) // only values of our own come here
	}
	return yjs.AppendVarString(yjs.AppendVarUint(make([]byte, 0, len(data)+12), kind), string(data))
}

// saveRequest reads Jupyter's raw save request and returns its id.
func saveRequest(payload []byte) (id uint64, ok bool) {
	word, rest, err := yjs.ReadVarString(payload)
	if err != nil || word != "save" {
		return 0, false
	}
	id, _, err = yjs.ReadVarUint(rest)
	return id, err == nil
}
