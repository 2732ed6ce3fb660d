package nbdoc

import "github.com/notebookhub/hub/hub/notebook"

// sameOutputs reports whether two lists of outputs are equal as the document
// holds them: neighbouring streams of one name are one output there.
func sameOutputs(a, b []notebook.Output) bool {
	return notebook.EqualOutputs(joinStreams(a), joinStreams(b))
}

func sameCount(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// sameEdit reports whether two cells are equal in what a person edits: all but
// their outputs and execution counts.
func sameEdit(a, b notebook.Cell) bool {
	return knownType(a.Type) == knownType(b.Type) && a.Source == b.Source &&
		equalMaps(withoutTrusted(a.Metadata), withoutTrusted(b.Metadata)) && sameAttachments(a, b)
}

// sameAttachments compares what the document keeps of attachments: code cells
// have none.
func sameAttachments(a, b notebook.Cell) bool {
	return equalMaps(attachmentsOf(a), attachmentsOf(b))
}

func attachmentsOf(c notebook.Cell) map[string]any {
	if c.Type == notebook.Code {
		return nil
	}
	return c.Attachments
}
