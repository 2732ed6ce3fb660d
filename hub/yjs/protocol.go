package yjs

import "fmt"

// The kinds of messages that clients and servers exchange: the first number of a message.
const (
	MessageSync           = 0 // document: a sync step or an update
	MessageAwareness      = 1 // presence: bytes of an awareness update
	MessageRaw            = 2 // text of the application
	MessageQueryAwareness = 3 // asks for everybody's presence
)

// The steps of [MessageSync] messages: their second number.
const (
	SyncStep1  = 0 // a state vector: asks for what the sender does not know
	SyncStep2  = 1 // an update: the answer to step 1
	SyncUpdate = 2 // an update: what just happened
)

// AppendSyncStep1 appends a whole message that asks for what is not in the state vector sv.
func AppendSyncStep1(dst, sv []byte) []byte { return appendSync(dst, SyncStep1, sv) }

// AppendSyncStep2 appends a whole message that answers a step 1.
func AppendSyncStep2(dst, update []byte) []byte { return appendSync(dst, SyncStep2, update) }

// AppendUpdate appends a whole message that tells of an update. The bytes are the same for all receivers.
func AppendUpdate(dst, update []byte) []byte { return appendSync(dst, SyncUpdate, update) }

// AppendAwareness appends a whole message with an awareness update.
func AppendAwareness(dst, update []byte) []byte {
	return AppendVarBytes(append(dst, MessageAwareness), update)
}

// appendSync appends a message of the sync protocol.
func appendSync(dst []byte, step byte, body []byte) []byte {
	return AppendVarBytes(append(dst, MessageSync, step), body)
}

// ReadSync reads the payload of a [MessageSync] message, everything behind its first number: which step it is and the
// state vector or update, a view into payload. Bytes behind it and unknown steps are refused with [ErrMalformed].
func ReadSync(payload []byte) (step int, body []byte, err error) {
	r := reader{buf: payload}
	s := r.uint()
	body = r.bytes()
	if r.failed || r.rest() > 0 || s > SyncUpdate {
		return 0, nil, fmt.Errorf("read sync message: %w", ErrMalformed)
	}
	return int(s), body, nil
}

// ReadVarBytes reads bytes written by [AppendVarBytes] and returns a view of them with the bytes behind.
func ReadVarBytes(b []byte) (v, rest []byte, err error) {
	r := reader{buf: b}
	v = r.bytes()
	if r.failed {
		return nil, nil, fmt.Errorf("read bytes: %w", ErrMalformed)
	}
	return v, b[r.pos:], nil
}
