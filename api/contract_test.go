package api

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"

	openapi "github.com/notebookhub/hub"
	"github.com/notebookhub/hub/hub"
)

// spec is the contract, and what of it this run of the tests has exercised.
var spec = loadContract()

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; code == 0 && whole && flag.Lookup("test.list").Value.String() == "" {
		for _, missing := range spec.unexercised() {
			fmt.Fprintln(os.Stderr, "declared in openapi.yaml but exercised by no test:", missing)
			code = 1
		}
	}
	os.Exit(code)
}

type contract struct {
	doc *openapi3.T
	ops []*contractOp

	mu   sync.Mutex
	seen map[string]bool // "GET /path 200"
}

type contractOp struct {
	method, path string
	item         *openapi3.PathItem
	op           *openapi3.Operation
	pattern      *regexp.Regexp
	params       []string
}

func (o *contractOp) name() string { return o.method + " " + o.path }

func loadContract() *contract {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(openapi.Document()))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		panic(err)
	}
	openapi3filter.RegisterBodyDecoder(typeNotebook, openapi3filter.FileBodyDecoder)
	c := &contract{doc: doc, seen: make(map[string]bool)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.ops = append(c.ops, newContractOp(method, path, item, op))
		}
	}
	// The most literal path first, as in OpenAPI.
	sort.Slice(c.ops, func(i, j int) bool {
		a, b := c.ops[i], c.ops[j]
		if (a.path == "/{file}") != (b.path == "/{file}") {
			return b.path == "/{file}"
		}
		if len(a.params) != len(b.params) {
			return len(a.params) < len(b.params)
		}
		return a.name() < b.name()
	})
	return c
}

func newContractOp(method, path string, item *openapi3.PathItem, op *openapi3.Operation) *contractOp {
	o := &contractOp{method: method, path: path, item: item, op: op}
	slashes := make(map[string]bool)
	for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
		_, slashes[p.Value.Name] = p.Value.Extensions["x-slashes"]
	}
	expr := regexp.MustCompile(`\\\{(\w+)\\\}`).ReplaceAllStringFunc(regexp.QuoteMeta(path), func(s string) string {
		name := strings.Trim(s, `\{}`)
		o.params = append(o.params, name)
		if slashes[name] {
			return "(.*)"
		}
		return "([^/]+)"
	})
	o.pattern = regexp.MustCompile("^" + expr + "$")
	return o
}

// find returns the operation of a request, and its path parameters.
func (c *contract) find(method, path string) (*contractOp, map[string]string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, o := range c.ops {
		if o.path == "/{file}" && !isPage(path) {
			continue
		}
		if m := o.pattern.FindStringSubmatch(path); m != nil && o.method == method {
			params := make(map[string]string)
			for i, name := range o.params {
				params[name] = m[i+1]
				if params[name] == "" {
					params[name] = "index.html" // the root, of which OpenAPI has no notion
				}
			}
			return o, params
		}
	}
	return nil, nil
}

func (c *contract) note(o *contractOp, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[o.name()+" "+strconv.Itoa(status)] = true
}

// unexercised lists what the contract declares and no test has met. 5XX is what
// no test can bring about at will in every operation.
func (c *contract) unexercised() []string {
	var missing []string
	for _, o := range c.ops {
		for status := range o.op.Responses.Map() {
			if want := o.name() + " " + status; status != "5XX" && !c.seen[want] {
				missing = append(missing, want)
			}
		}
	}
	sort.Strings(missing)
	return missing
}

// schema validates a value against a schema of the contract.
func (c *contract) schema(t *testing.T, name string, data []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v: %s", name, err, data)
	}
	if err := c.doc.Components.Schemas[name].Value.VisitJSON(v); err != nil {
		t.Errorf("%s breaks the contract: %v: %s", name, err, data)
	}
}

// judge is the transport of every test client: it holds each exchange to the
// contract.
type judge struct {
	t    *testing.T
	base string
	next http.RoundTripper
}

func (j *judge) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil { // of what is too large to be judged, the beginning
		body, _ = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	}
	resp, err := j.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), j.base)
	op, params := spec.find(r.Method, path)
	if op == nil {
		j.unknown(r, resp)
		return resp, nil
	}
	spec.note(op, resp.StatusCode)
	j.request(op, params, r, body, resp.StatusCode)
	j.response(op, r, resp)
	return resp, nil
}

// unknown judges the answer at an address that the contract does not have.
func (j *judge) unknown(r *http.Request, resp *http.Response) {
	if resp.StatusCode < 400 || resp.StatusCode >= 500 {
		j.t.Errorf("%s %s: %d, but the contract has no such operation", r.Method, r.URL, resp.StatusCode)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "application/problem+json" {
		j.t.Errorf("%s %s: %d of type %q", r.Method, r.URL, resp.StatusCode, kind)
	}
}

// request fails when a request that breaks the contract was accepted.
func (j *judge) request(op *contractOp, params map[string]string, r *http.Request, body []byte, status int) {
	check := r.Clone(context.Background())
	check.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: check, PathParams: params,
		Route: &routers.Route{Spec: spec.doc, Path: op.path, PathItem: op.item, Method: op.method, Operation: op.op},
		Options: &openapi3filter.Options{
			AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
			SkipSettingDefaults: true,
			ExcludeRequestBody:  len(body) == 0 || len(body) > maxBody,
		},
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil && status < 400 {
		j.t.Errorf("%s %s: %d for a request that breaks the contract: %v", r.Method, r.URL, status, err)
	}
}

func (j *judge) response(op *contractOp, r *http.Request, resp *http.Response) {
	declared := op.op.Responses.Status(resp.StatusCode)
	switch {
	case declared == nil:
		j.t.Errorf("%s %s: status %d is not declared", r.Method, r.URL, resp.StatusCode)
		return
	case resp.StatusCode == http.StatusSwitchingProtocols || r.Method == http.MethodHead:
		return
	}
	kind := resp.Header.Get("Content-Type")
	media := declared.Value.Content.Get(kind)
	if media == nil && len(declared.Value.Content) > 0 {
		j.t.Errorf("%s %s: %d of type %q, which is not declared", r.Method, r.URL, resp.StatusCode, kind)
		return
	}
	for name, h := range declared.Value.Headers {
		if resp.Header.Get(name) == "" && h.Value != nil {
			j.t.Errorf("%s %s: %d without %s", r.Method, r.URL, resp.StatusCode, name)
		}
	}
	if !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/problem+json") {
		return
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var v any
	if err == nil {
		err = json.Unmarshal(body, &v)
	}
	if err == nil {
		err = media.Schema.Value.VisitJSON(v)
	}
	if err != nil {
		j.t.Errorf("%s %s: %d breaks the contract: %v: %.300s", r.Method, r.URL, resp.StatusCode, err, body)
	}
}

// The router serves exactly what the contract says.
func TestContract_RoutesAndOperationsAreTheSame(t *testing.T) {
	var served, declared []string
	s := newServer(Options{})
	err := chi.Walk(s.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		served = append(served, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	served = append(served, "GET /*") // the handler of what is not found: pages
	for _, o := range spec.ops {
		path := o.path
		if strings.Contains(o.pattern.String(), "(.*)") {
			path = regexp.MustCompile(`\{(path|file)\}$`).ReplaceAllString(path, "*")
		}
		declared = append(declared, o.method+" "+path)
	}
	sort.Strings(served)
	sort.Strings(declared)
	if !slices.Equal(served, declared) {
		t.Errorf("served and not declared: %v\ndeclared and not served: %v", minus(served, declared), minus(declared, served))
	}
}

func minus(a, b []string) []string {
	var only []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return only
}

// The enum of codes is the hub's codes and those of the edge, and the status
// that the contract tells for each is the one that is answered.
func TestContract_CodesAreTheHubsAndOurs(t *testing.T) {
	known := append(codesIn(t, "../hub/errors.go"), codesIn(t, "problem.go")...)
	schema := spec.doc.Components.Schemas["Code"].Value
	var enum []string
	for _, v := range schema.Enum {
		enum = append(enum, v.(string))
	}
	if a, b := minus(known, enum), minus(enum, known); len(a)+len(b) > 0 {
		t.Errorf("in the code and not in the contract: %v; in the contract and not in the code: %v", a, b)
	}
	told := schema.Extensions["x-codes"].(map[string]any)
	if a, b := minus(enum, keys(told)), minus(keys(told), enum); len(a)+len(b) > 0 {
		t.Errorf("not explained: %v; explained but no code: %v", a, b)
	}
	for code, v := range told {
		if status := int(v.(map[string]any)["status"].(float64)); status != statusOf(hub.Code(code)) {
			t.Errorf("%s is %d in the contract and %d in the code", code, status, statusOf(hub.Code(code)))
		}
	}
}

// codesIn returns the constants of type Code that a file declares.
func codesIn(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(tree, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || len(v.Values) != 1 || !strings.HasSuffix(exprText(v.Type), "Code") {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, text)
		return true
	})
	if len(codes) == 0 {
		t.Fatalf("no codes in %s", file)
	}
	return codes
}

func exprText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func keys[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}

// Kinds and caps of the socket's messages are those of the hub.
func TestContract_SocketKindsAreTheHubs(t *testing.T) {
	want := map[string]float64{"SocketRequest": hub.KindRequest, "SocketReply": hub.KindReply}
	for name, s := range spec.doc.Components.Schemas {
		kind, framed := s.Value.Extensions["x-frame-type"].(float64)
		if !strings.HasPrefix(name, "Socket") || name == "SocketLimits" || name == "SocketError" {
			if framed {
				t.Errorf("%s has a frame type", name)
			}
			continue
		}
		expect, ok := want[name]
		if !ok {
			expect = hub.KindEvent
		}
		if kind != expect {
			t.Errorf("%s is of kind %v, not %v", name, kind, expect)
		}
	}
}

// The generated models have the fields of the contract: whoever changes one and
// does not generate the other is told.
func TestContract_GeneratedModelsAreFresh(t *testing.T) {
	models := structsIn(t, "types.gen.go")
	for name, ref := range spec.doc.Components.Schemas {
		if len(ref.Value.Properties) == 0 || name == "JupyterSessionRequest" {
			continue
		}
		want := make(map[string]bool)
		for field := range ref.Value.Properties {
			want[field] = slices.Contains(ref.Value.Required, field)
		}
		if got := models[strings.Replace(name, "Json", "JSON", 1)]; !maps.Equal(got, want) {
			t.Errorf("%s is stale (go generate ./api): generated %v, in the contract %v", name, got, want)
		}
	}
}

// structsIn returns the JSON fields of the structs in a file, and which of them
// are required.
func structsIn(t *testing.T, file string) map[string]map[string]bool {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]map[string]bool)
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if fields, ok := spec.Type.(*ast.StructType); ok {
			found[spec.Name.Name] = make(map[string]bool)
			for _, f := range fields.Fields.List {
				tag, _ := strconv.Unquote(f.Tag.Value)
				name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
				found[spec.Name.Name][name] = options != "omitempty"
			}
		}
		return true
	})
	return found
}

// The page that is generated from openapi.yaml is up to date.
func TestContract_GeneratedPageIsFresh(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"../openapi.yaml", "docs_gen.go"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "api", filepath.Base(name))
		if name == "../openapi.yaml" {
			to = filepath.Join(dir, "openapi.yaml")
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "docs_gen")
	if out, err := exec.Command("go", "build", "-o", program, "docs_gen.go").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Dir = filepath.Join(dir, "api")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fresh, err := os.ReadFile(filepath.Join(dir, "api", "docs.gen.html"))
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh) != docsPage {
		t.Error("docs.gen.html is stale: go generate ./api")
	}
}
