package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The rules of ARCHITECTURE.md about who imports whom, and of the style that
// keeps the tree readable. Each rule is a function from one file to what is
// wrong with it; TestLayers_EachRuleGoesRed breaks them one by one.

const module = "github.com/notebookhub/hub"

// layers says which packages of ours, and which modules of others, a folder may
// import. Test helpers (folders that end in "test") and _test.go files may
// import more: see testLayers.
var layers = map[string][]string{
	".":                           {},
	"web":                         {},
	"hub/yjs":                     {},
	"hub/notebook":                {},
	"hub/nbdoc":                   {"hub/yjs", "hub/notebook"},
	"hub/store":                   {"go.etcd.io/bbolt"},
	"hub/watch":                   {"github.com/fsnotify/fsnotify"},
	"hub/kernel":                  {"hub/notebook", "hub/kernel/internal/jupyter", "hub/kernel/internal/zmtp"},
	"hub/kernel/internal/jupyter": {},
	"hub/kernel/internal/zmtp":    {},
	"hub":                         {"hub/yjs", "hub/nbdoc", "hub/notebook", "hub/store", "hub/watch"},
	"api":                         {".", "hub", "hub/notebook", "github.com/go-chi/chi/v5", "nhooyr.io/websocket"},
	"cmd/hub": {
		"api", "hub", "hub/kernel", "hub/notebook", "hub/store", "hub/watch", "web",
		"github.com/alecthomas/kong", "github.com/prometheus/client_golang", "gopkg.in/yaml.v3",
	},
	"hub/hubtest":           {"hub", "hub/nbdoc", "hub/notebook", "hub/store", "hub/store/storetest", "hub/yjs"},
	"hub/store/storetest":   {"hub/store"},
	"hub/kernel/kerneltest": {"hub/kernel", "hub/kernel/internal/jupyter", "hub/kernel/internal/zmtp", "hub/notebook"},
}

// anywhere are modules that any package may import: ids and system calls.
var anywhere = []string{"github.com/google/uuid", "golang.org/x/sys"}

// testLayers says what tests may import besides what their folder may.
var testLayers = map[string][]string{
	"api":        {"hub/hubtest", "hub/store", "hub/yjs", "hub/nbdoc", "github.com/getkin/kin-openapi", "gopkg.in/yaml.v3"},
	"hub":        {"hub/hubtest", "hub/store/storetest"},
	"hub/store":  {"hub/store/storetest"},
	"hub/kernel": {"hub/kernel/kerneltest"},
	"hub/nbdoc":  {"hub/nbdoc/oracle"},
	"cmd/hub":    {"hub/hubtest", "hub/yjs", "hub/nbdoc", "hub/kernel/kerneltest", "nhooyr.io/websocket"},
}

// socketFile is the one importer of the WebSocket library.
const socketFile = "api/socket.go"

// goFile is one Go file of the tree.
type goFile struct {
	path   string // relative to the repository, with "/"
	folder string
	text   []byte
	syntax *ast.File
}

func (f goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// helps tells whether a file is of tests, or of a package that helps them.
func (f goFile) helps() bool { return f.test() || strings.HasSuffix(f.folder, "test") }

// tool tells whether a file is a program that the build does not hold, run by
// go generate.
func (f goFile) tool() bool { return bytes.HasPrefix(f.text, []byte("//go:build ignore\n")) }

func (f goFile) generated() bool { return strings.HasSuffix(f.path, ".gen.go") }

func parseFile(path string, text []byte) (goFile, error) {
	syntax, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
	return goFile{path, filepath.ToSlash(filepath.Dir(path)), text, syntax}, err
}

func (f goFile) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

// rules are what every Go file keeps.
var rules = map[string]func(goFile) []string{
	"import table":            checkImports,
	"one door to WebSockets":  checkSocket,
	"no tests in the product": checkHelpers,
	"no cgo":                  checkCgo,
	"contexts come from cmd":  checkContexts,
	"one mutex in hub":        checkMutex,
	"size of files":           checkSize,
	"names":                   checkNames,
	"no init":                 checkInit,
	"tests neither skip nor wait, nothing is left to do": checkWords,
}

func checkImports(f goFile) (wrong []string) {
	allowed, known := layers[f.folder]
	if !known && !f.test() {
		return []string{"the package is not in the import table"}
	}
	allowed = append(slices.Clone(anywhere), allowed...)
	if f.tool() {
		allowed = append(allowed, "gopkg.in/yaml.v3")
	}
	if f.test() {
		allowed = append(allowed, f.folder, strings.TrimSuffix(f.folder, "/oracle"), "hub/yjs", "hub/notebook")
		allowed = append(allowed, testLayers[f.folder]...)
	}
	for _, path := range f.imports() {
		if !imports(path, allowed) {
			wrong = append(wrong, "may not import "+path)
		}
	}
	return wrong
}

// imports tells whether a path is of the standard library or allowed: a package
// of ours by its folder, a module of others with all its packages.
func imports(path string, allowed []string) bool {
	if ours, ok := strings.CutPrefix(path, module); ok {
		folder := strings.TrimPrefix(ours, "/")
		if folder == "" {
			folder = "."
		}
		return slices.Contains(allowed, folder)
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") || slices.ContainsFunc(allowed, func(module string) bool {
		return strings.Contains(module, ".") && (path == module || strings.HasPrefix(path, module+"/"))
	})
}

func checkSocket(f goFile) []string {
	if slices.Contains(f.imports(), "nhooyr.io/websocket") && f.path != socketFile && !f.test() {
		return []string{"only " + socketFile + " may import the WebSocket library"}
	}
	return nil
}

func checkHelpers(f goFile) (wrong []string) {
	for _, path := range f.imports() {
		if strings.HasPrefix(path, module) && strings.HasSuffix(path, "test") && !f.helps() {
			wrong = append(wrong, "may not import the test helper "+path)
		}
		if (path == "testing" || strings.HasPrefix(path, "testing/")) && !f.helps() {
			wrong = append(wrong, "may not import "+path)
		}
	}
	return wrong
}

func checkCgo(f goFile) []string {
	if slices.Contains(f.imports(), "C") {
		return []string{"cgo is not used"}
	}
	return nil
}

func checkContexts(f goFile) (wrong []string) {
	if f.helps() || f.path == "cmd/hub/main.go" {
		return nil
	}
	for _, call := range []string{"Background", "TO" + "DO"} {
		if uses(f.syntax, "context", call) {
			wrong = append(wrong, "makes a context by context."+call+" instead of taking its caller's")
		}
	}
	return wrong
}

func uses(syntax *ast.File, pkg, name string) (found bool) {
	ast.Inspect(syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == name {
			x, ok := s.X.(*ast.Ident)
			found = found || ok && x.Name == pkg
		}
		return !found
	})
	return found
}

// checkMutex lets hub.go alone have locks; countMutexes finds that it has one.
func checkMutex(f goFile) []string {
	if f.folder != "hub" || f.test() || f.path == "hub/hub.go" && countMutexes(f) <= 1 {
		return nil
	}
	if countMutexes(f) > 0 {
		return []string{"package hub has one mutex, Hub.mu"}
	}
	return nil
}

func countMutexes(f goFile) (n int) {
	ast.Inspect(f.syntax, func(node ast.Node) bool {
		if s, ok := node.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "sync" && (s.Sel.Name == "Mutex" || s.Sel.Name == "RWMutex") {
				n++
			}
		}
		return true
	})
	return n
}

const maxLines = 400

func checkSize(f goFile) []string {
	if n := bytes.Count(f.text, []byte("\n")); n > maxLines && !f.helps() && !f.generated() {
		return []string{fmt.Sprintf("has %d lines, more than %d", n, maxLines)}
	}
	return nil
}

var vague = []string{"util", "utils", "common", "types", "manager", "service", "misc", "helper", "base", "shared_types"}

func checkNames(f goFile) (wrong []string) {
	if f.generated() {
		return nil
	}
	for _, part := range strings.Split(strings.TrimSuffix(f.path, ".go"), "/") {
		part = strings.TrimSuffix(part, "_test")
		if slices.Contains(vague, part) || strings.HasSuffix(part, "manager") || strings.HasSuffix(part, "utils") {
			wrong = append(wrong, "is named by a word that says nothing: "+part)
		}
	}
	return wrong
}

func checkInit(f goFile) []string {
	for _, decl := range f.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			return []string{"has an init function"}
		}
	}
	return nil
}

// Words that mean unfinished work or a test that says nothing.
var forbiddenWords = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|\b[tbf]\.Skip(f|Now)?\(`)

func checkWords(f goFile) (wrong []string) {
	if word := forbiddenWords.Find(f.text); word != nil {
		wrong = append(wrong, fmt.Sprintf("holds %q", word))
	}
	// Tests of rooms are all in virtual time, by helpers of theirs.
	virtual := f.folder == "hub" || bytes.Contains(f.text, []byte("synctest"))
	if f.test() && !virtual && uses(f.syntax, "time", "Sleep") {
		wrong = append(wrong, "sleeps in real time instead of awaiting a condition")
	}
	return wrong
}

// skipped are folders that are not ours, or hold data.
var skipped = []string{".git", "node_modules", "dist", "bin", ".cache", "testdata", "build"}

// walk calls visit with each file of the repository, by its path in it.
func walk(t *testing.T, visit func(path string)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir():
			visit(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goFiles reads and parses the tree once for all tests.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	tree.Do(func() { tree.files = readGoFiles(t) })
	if len(tree.files) < 100 {
		t.Fatalf("found %d Go files; the tree has moved", len(tree.files))
	}
	return tree.files
}

var tree struct {
	sync.Once
	files []goFile
}

func readGoFiles(t *testing.T) (files []goFile) {
	t.Helper()
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseFile(path, text)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	})
	return files
}

func TestLayers_EveryFileKeepsTheRules(t *testing.T) {
	for _, f := range goFiles(t) {
		for name, rule := range rules {
			for _, wrong := range rule(f) {
				t.Errorf("%s: %s (%s)", f.path, wrong, name)
			}
		}
	}
}

func TestLayers_EveryPackageSaysWhatItIs(t *testing.T) {
	said := make(map[string]bool)
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		said[f.folder] = said[f.folder] || says(f)
	}
	for folder, ok := range said {
		if !ok {
			t.Errorf("%s: no file has a package comment that begins with the package's name", folder)
		}
	}
}

func says(f goFile) bool {
	name := "Package " + f.syntax.Name.Name
	if f.syntax.Name.Name == "main" {
		name = "Command " + filepath.Base(f.folder)
	}
	return strings.HasPrefix(f.syntax.Doc.Text(), name+" ")
}

func TestLayers_OneImporterPerModule(t *testing.T) {
	importers := make(map[string]map[string]bool)
	for _, f := range goFiles(t) {
		if f.helps() || f.tool() {
			continue
		}
		for _, path := range f.imports() {
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") || strings.HasPrefix(path, module) || imports(path, anywhere) {
				continue
			}
			root := strings.Join(strings.SplitN(path, "/", 4)[:min(3, strings.Count(path, "/")+1)], "/")
			if importers[root] == nil {
				importers[root] = make(map[string]bool)
			}
			importers[root][f.folder] = true
		}
	}
	for path, folders := range importers {
		if len(folders) > 1 {
			t.Errorf("%s is imported by %v, not by one package", path, slices.Sorted(maps.Keys(folders)))
		}
	}
	if len(importers) < 5 {
		t.Errorf("found the importers of %d modules; the check looks at nothing", len(importers))
	}
}

// foreign are traces of the machine that something was written on.
var foreign = regexp.MustCompile(`(^|[^\w.~-])/(wo` + `rk|root|home/\w+|Users/\w+)/|\.\./sha` + `red/|bash_` + `jobs`)

// traces are parts of what foreign finds: a text without any of them holds none.
var traces = []string{"/wo" + "rk/", "/ro" + "ot/", "/home/", "/Users/", "sha" + "red/", "bash_" + "jobs"}

// examined are the files that people read; notebooks are other people's.
var examined = []string{".go", ".md", ".yaml", ".yml", ".sh", ".mjs", ".ts", ".tsx", ".css", ".html", ".json", ".txt", ".py", ".mod", "Makefile", "run"}

func TestLayers_NothingNamesAMachine(t *testing.T) {
	seen := 0
	walk(t, func(path string) {
		if !slices.ContainsFunc(examined, func(end string) bool { return strings.HasSuffix(path, end) }) || path == "cmd/hub/layers_test.go" {
			return
		}
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if !slices.ContainsFunc(traces, func(trace string) bool { return bytes.Contains(text, []byte(trace)) }) {
			return // a pattern takes its time
		}
		for i, line := range strings.Split(string(text), "\n") {
			if foreign.MatchString(line) {
				t.Errorf("%s:%d: names a machine's folder: %.120s", path, i+1, line)
			}
		}
	})
	if seen < 100 {
		t.Errorf("looked at %d files only", seen)
	}
}

// A rule that cannot fail is none: each of these files breaks one.
func TestLayers_EachRuleGoesRed(t *testing.T) {
	long := "package hub\n" + strings.Repeat("\n", maxLines+1)
	broken := []struct{ rule, path, text string }{
		{"import table", "hub/yjs/a.go", `package yjs; import _ "github.com/notebookhub/hub/hub/notebook"`},
		{"import table", "hub/a.go", `package hub; import _ "github.com/notebookhub/hub/hub/kernel"`},
		{"import table", "hub/a_test.go", `package hub; import _ "github.com/notebookhub/hub/api"`},
		{"import table", "api/a.go", `package api; import _ "github.com/notebookhub/hub/hub/store"`},
		{"import table", "web/a.go", `package web; import _ "github.com/notebookhub/hub/hub"`},
		{"import table", "hub/notebook/a.go", `package notebook; import _ "go.etcd.io/bbolt"`},
		{"import table", "hub/watch/a.go", `package watch; import _ "golang.org/x/sync/errgroup"`},
		{"import table", "hub/extra/a.go", `package extra`},
		{"one door to WebSockets", "api/events.go", `package api; import _ "nhooyr.io/websocket"`},
		{"no tests in the product", "hub/a.go", `package hub; import _ "github.com/notebookhub/hub/hub/hubtest"`},
		{"no tests in the product", "hub/a.go", `package hub; import _ "testing"`},
		{"no cgo", "hub/a.go", `package hub; import "C"`},
		{"contexts come from cmd", "hub/a.go", `package hub; import "context"; var x = context.Background()`},
		{"contexts come from cmd", "cmd/hub/a.go", `package main; import "context"; var x = context.TO` + `DO()`},
		{"one mutex in hub", "hub/room.go", `package hub; import "sync"; type room struct{ mu sync.RWMutex }`},
		{"one mutex in hub", "hub/hub.go", `package hub; import "sync"; type Hub struct{ mu, other struct{ sync.Mutex }; third sync.Mutex }`},
		{"size of files", "hub/a.go", long},
		{"names", "hub/utils/a.go", `package utils`},
		{"names", "hub/types.go", `package hub`},
		{"names", "hub/roommanager.go", `package hub`},
		{"no init", "hub/a.go", `package hub; func init() {}`},
		{"tests neither skip nor wait, nothing is left to do", "hub/a.go", "package hub // TO" + "DO: more"},
		{"tests neither skip nor wait, nothing is left to do", "hub/a_test.go", "package hub; import \"testing\"; func TestA(t *testing.T) { t." + "Skip() }"},
		{"tests neither skip nor wait, nothing is left to do", "api/a_test.go", `package api; import "time"; func f() { time.Sleep(1) }`},
	}
	for _, b := range broken {
		f, err := parseFile(b.path, []byte(b.text))
		if err != nil {
			t.Fatal(err)
		}
		if len(rules[b.rule](f)) == 0 {
			t.Errorf("%s: the rule %q does not see what is wrong in %s", b.path, b.rule, b.text)
		}
	}
	for name := range rules {
		if !slices.ContainsFunc(broken, func(b struct{ rule, path, text string }) bool { return b.rule == name }) {
			t.Errorf("nothing breaks the rule %q", name)
		}
	}
	for _, line := range []string{"see /wo" + "rk/main", `"/ro` + `ot/x"`, "../sha" + "red/design", "in /home/ann/x", "(/Users/ann/x", "bash_" + "jobs"} {
		if !foreign.MatchString(line) || !slices.ContainsFunc(traces, func(trace string) bool { return strings.Contains(line, trace) }) {
			t.Errorf("%q is not seen as a machine's folder", line)
		}
	}
	if f, _ := parseFile("hub/a.go", []byte("// Thing is a thing.\npackage hub")); says(f) {
		t.Error("a comment about something else counts as the package's")
	}
}
