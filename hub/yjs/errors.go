package yjs

import "errors"

// The errors of the package. They arrive wrapped with detail: compare with [errors.Is].
var (
	// ErrMalformed says that bytes are not a valid update, state vector, message or awareness update.
	// The document is as it was.
	ErrMalformed = errors.New("malformed bytes")

	// ErrLimit says that an update exceeds one of the [Limits] that can be judged before it is applied.
	// The document is as it was.
	ErrLimit = errors.New("limit exceeded")

	// ErrBudget says that applying an update was stopped on the way: ordering it cost more work than [Limits]
	// allow, it nests types too deep, or too much would have had to wait for missing parts. What was integrated
	// until then stays and is reported by the [Change]. The peer that sent it should be closed.
	ErrBudget = errors.New("work budget exhausted")

	// ErrBroken says that the engine found itself in an impossible state and gave the document up.
	// Nothing more can be done with it: load a new one from stored bytes.
	ErrBroken = errors.New("document is broken")

	// ErrRange says that a position or length lies outside of a type.
	ErrRange = errors.New("position out of range")

	// ErrDead says that a type, or one of its parents, has been deleted.
	ErrDead = errors.New("type is deleted")

	// ErrValue says that a Go value cannot be written into a document.
	ErrValue = errors.New("value cannot be written")

	// ErrTxn says that a transaction was used after its end, or with types of another document.
	ErrTxn = errors.New("transaction does not belong here")
)
