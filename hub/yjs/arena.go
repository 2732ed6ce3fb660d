package yjs

import "unsafe"

// arena keeps the bytes of one client's content. Strings handed out are views into its current buffer; their bytes
// are written once, before the string exists, and never change: appending only touches bytes behind all of them.
type arena struct{ buf []byte }

const (
	arenaFirst  = 32
	arenaBlock  = 4096
	arenaSingle = 1024 // longer content gets memory of its own
)

// view returns the bytes of s, only to be read.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringView returns b as a string without copying. b must not be written to any more.
func stringView(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// keep copies b and returns it as a string.
func (a *arena) keep(b []byte) string {
	if len(b) == 0 || len(b) > arenaSingle {
		return string(b)
	}
	if cap(a.buf)-len(a.buf) < len(b) {
		a.buf = make([]byte, 0, max(len(b), min(max(arenaFirst, 2*cap(a.buf)), arenaBlock)))
	}
	at := len(a.buf)
	a.buf = append(a.buf, b...)
	return stringView(a.buf[at:])
}

// join returns s followed by t. When s was the last string handed out it grows in place; else it moves to a buffer
// with room to grow, so that a run of joins costs time linear in its result.
func (a *arena) join(s, t string) string {
	if a.endsWith(s) && cap(a.buf)-len(a.buf) >= len(t) {
		at := len(a.buf) - len(s)
		a.buf = append(a.buf, t...)
		return stringView(a.buf[at:])
	}
	if n := len(a.buf) - len(t); n >= 0 && a.endsWith(t) && sameEnd(a.buf[:n], s) {
		return stringView(a.buf[n-len(s):])
	}
	n := len(s) + len(t)
	buf := make([]byte, 0, max(n+n/2, arenaFirst))
	a.buf = append(append(buf, s...), t...)
	return stringView(a.buf)
}

// endsWith reports whether s is a view of the very end of the buffer.
func (a *arena) endsWith(s string) bool { return sameEnd(a.buf, s) }

// sameEnd reports whether s is a view of the end of b.
func sameEnd(b []byte, s string) bool {
	return len(s) > 0 && len(s) <= len(b) && &b[len(b)-len(s)] == unsafe.StringData(s)
}

// uncut returns l followed by r without copying, if both are views into whole, one right behind the other.
func uncut(whole, l, r string) (string, bool) {
	if len(l) == 0 || len(r) == 0 || len(whole) < len(l)+len(r) {
		return "", false
	}
	start := uintptr(unsafe.Pointer(unsafe.StringData(whole)))
	at := uintptr(unsafe.Pointer(unsafe.StringData(l))) - start // wraps around when before
	behind := uintptr(unsafe.Pointer(unsafe.StringData(r))) - start
	if at > uintptr(len(whole)-len(l)-len(r)) || behind != at+uintptr(len(l)) {
		return "", false
	}
	return whole[at : int(at)+len(l)+len(r)], true
}
