package yjs

// CheckInvariants lets the conformance tests, which see the package from outside, look at a document's structure.
func CheckInvariants(d *Doc) error { return d.checkInvariants() }
