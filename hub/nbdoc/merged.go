package nbdoc

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/notebookhub/hub/hub/notebook"
)

// mergedKey is the key of the hub's root that tells of the last merge: its name,
// then the disputes that it left. It is written in the transaction of the merge,
// so whoever has one has the other.
const mergedKey = "merged"

// mergeName identifies the merge of a file into what has become of a state.
func mergeName(base []byte, was, disk *notebook.Notebook) string {
	h := sha256.New()
	h.Write(base)
	h.Write(notebook.AppendFingerprint(notebook.AppendFingerprint(nil, was), disk))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// writeMerged is what stands under mergedKey after a merge.
func writeMerged(name string, conflicts []Conflict) []any {
	list := []any{name}
	for _, d := range Disputes(conflicts) {
		list = append(list, d.String())
	}
	return list
}

// Merged reports whether the last merge into the document was this one, and about
// what it left a person has to decide. A document that is read again after a crash
// tells by it what the file held that it was last merged with.
func (d *Document) Merged(base []byte, was, disk *notebook.Notebook) (disputes []Dispute, done bool) {
	list, _ := d.Hub(mergedKey).([]any)
	if len(list) == 0 || list[0] != mergeName(base, was, disk) {
		return nil, false
	}
	for _, v := range list[1:] {
		text, _ := v.(string)
		if dispute, ok := ParseDispute(text); ok {
			disputes = append(disputes, dispute)
		}
	}
	return disputes, true
}
