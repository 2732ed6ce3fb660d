package hubtest

import (
	"encoding/json"
	"strings"
)

// quoteLines spells a source as Jupyter does: one string a line.
func quoteLines(source string) string {
	if source == "" {
		return ""
	}
	lines := strings.SplitAfter(source, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	quoted := make([]string, len(lines))
	for i, line := range lines {
		data, err := json.Marshal(line)
		if err != nil {
			panic(err) // a string always has a spelling
		}
		quoted[i] = "\n    " + string(data)
	}
	return strings.Join(quoted, ",") + "\n   "
}
