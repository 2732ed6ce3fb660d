package hub

import (
	"path"
	"strings"
)

const (
	extension   = ".ipynb"
	maxPathLen  = 4096
	maxNameLen  = 255
	stateMarker = "." // names that begin so are nobody's notebooks
)

// cleanPath checks a path that came from outside and returns it relative to
// the root, with "/" and nothing superfluous. What could leave the root, and
// what is hidden, does not exist as far as callers are told.
func cleanPath(p string) (string, error) {
	if len(p) > maxPathLen || strings.ContainsRune(p, 0) {
		return "", fail(CodeInvalidPath, nil, "a path has at most %d bytes and no NUL", maxPathLen)
	}
	if strings.HasPrefix(p, "/") || strings.Contains(p, `\`) || (len(p) > 1 && p[1] == ':') {
		return "", notFound(p)
	}
	if p == "" || p == "." {
		return "", nil
	}
	for _, name := range strings.Split(p, "/") {
		switch {
		case name == ".." || (strings.HasPrefix(name, stateMarker) && name != "."):
			return "", notFound(p)
		case len(name) > maxNameLen:
			return "", fail(CodeInvalidPath, nil, "a name in a path has at most %d bytes", maxNameLen)
		}
	}
	if clean := path.Clean(p); clean != "." {
		return clean, nil
	}
	return "", nil
}

// notebookPath is cleanPath for what must be able to be a notebook.
func notebookPath(p string) (string, error) {
	clean, err := cleanPath(p)
	if err != nil {
		return "", err
	}
	if !isNotebook(clean) {
		return "", fail(CodeInvalidPath, nil, "%q is no notebook's path: it must end in %s", p, extension)
	}
	return clean, nil
}

func isNotebook(p string) bool {
	return strings.EqualFold(path.Ext(p), extension) && len(path.Base(p)) > len(extension)
}

func notFound(p string) error {
	return fail(CodeNotFound, nil, "there is no notebook %q", p)
}
