package yjs

// ID names one unit of content for ever: the Clock-th unit that Client wrote.
type ID struct {
	Client uint64 // random number of the writing replica, below 2^53
	Clock  uint64 // 0 for the client's first unit
}

// maxClock bounds clocks so that references fit into eight bytes; a document never comes near it.
const maxClock = 1<<32 - 1

// maxSafe is the greatest integer that JavaScript clients can hold.
const maxSafe = 1<<53 - 1

// ref is an ID inside one document: the client is its index in Doc.clients. The zero ref refers to nothing.
// Refs are only compared for equality: the order of clients is the order of their real ids.
type ref struct {
	client uint32
	clock  uint32
}

// none reports whether r refers to nothing.
func (r ref) none() bool { return r.client == 0 }
