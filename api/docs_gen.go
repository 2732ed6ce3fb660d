//go:build ignore

// This program writes docs.gen.html, openapi.yaml as a page for people. It is
// run by go generate.
package main

import (
	"bytes"
	"html"
	"html/template"
	"log"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

func main() {
	source, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		log.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		log.Fatal(err)
	}
	d := document{root.Content[0]}
	var out bytes.Buffer
	page := template.Must(template.New("docs").Funcs(template.FuncMap{"text": text, "inline": inline}).Parse(layout))
	if err := page.Execute(&out, d.page()); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("docs.gen.html", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

type document struct{ root *yaml.Node }

type page struct {
	Title, Version, Intro string
	Tags                  []*tag
	Schemas               []schema
	Codes                 []code
}

type tag struct {
	Name, Description string
	Operations        []operation
}

type operation struct {
	ID, Method, Path, Summary, Description string
	Open                                   bool // needs no token
	Parameters                             []field
	Body                                   []template.HTML
	Answers                                []answer
}

type field struct {
	Name, In, Description string
	Type                  template.HTML
	Required              bool
}

type answer struct {
	Status, Description string
	Type                template.HTML
}

type schema struct {
	Name, Description string
	Type              template.HTML
	Fields            []field
	Frame, Max        string
}

type code struct{ Name, Status, Means string }

func (d document) page() page {
	info := get(d.root, "info")
	p := page{Title: str(info, "title"), Version: str(info, "version"), Intro: str(info, "description")}
	byName := map[string]*tag{}
	for _, n := range get(d.root, "tags").Content {
		t := &tag{Name: str(n, "name"), Description: str(n, "description")}
		byName[t.Name] = t
		p.Tags = append(p.Tags, t)
	}
	each(get(d.root, "paths"), func(path string, item *yaml.Node) {
		each(item, func(method string, n *yaml.Node) {
			if method != "parameters" {
				t := byName[get(n, "tags").Content[0].Value]
				t.Operations = append(t.Operations, d.operation(path, method, item, n))
			}
		})
	})
	each(get(d.root, "components", "schemas"), func(name string, n *yaml.Node) {
		p.Schemas = append(p.Schemas, d.schema(name, n))
	})
	each(get(d.root, "components", "schemas", "Code", "x-codes"), func(name string, n *yaml.Node) {
		p.Codes = append(p.Codes, code{name, str(n, "status"), str(n, "means")})
	})
	return p
}

func (d document) operation(path, method string, item, n *yaml.Node) operation {
	o := operation{
		ID: str(n, "operationId"), Method: strings.ToUpper(method), Path: path,
		Summary: str(n, "summary"), Description: str(n, "description"), Open: get(n, "security") != nil,
	}
	for _, list := range []*yaml.Node{get(item, "parameters"), get(n, "parameters")} {
		for _, p := range content(list) {
			p = d.resolve(p)
			o.Parameters = append(o.Parameters, field{
				Name: str(p, "name"), In: str(p, "in"), Description: str(p, "description"),
				Type: typeOf(get(p, "schema")), Required: str(p, "required") == "true",
			})
		}
	}
	each(get(n, "requestBody", "content"), func(kind string, body *yaml.Node) {
		o.Body = append(o.Body, template.HTML("<code>"+html.EscapeString(kind)+"</code>: ")+typeOf(get(body, "schema")))
	})
	each(get(n, "responses"), func(status string, r *yaml.Node) {
		r = d.resolve(r)
		a := answer{Status: status, Description: str(r, "description")}
		each(get(r, "content"), func(kind string, body *yaml.Node) {
			if a.Type = typeOf(get(body, "schema")); a.Type == "string" {
				a.Type = template.HTML("<code>" + html.EscapeString(kind) + "</code>")
			}
		})
		o.Answers = append(o.Answers, a)
	})
	return o
}

func (d document) schema(name string, n *yaml.Node) schema {
	s := schema{
		Name: name, Description: str(n, "description"), Type: typeOf(n),
		Frame: str(n, "x-frame-type"), Max: str(n, "x-max-bytes"),
	}
	required := map[string]bool{}
	for _, r := range content(get(n, "required")) {
		required[r.Value] = true
	}
	each(get(n, "properties"), func(name string, p *yaml.Node) {
		s.Fields = append(s.Fields, field{
			Name: name, Type: typeOf(p), Description: str(p, "description"), Required: required[name],
		})
	})
	return s
}

// resolve follows a reference into the components.
func (d document) resolve(n *yaml.Node) *yaml.Node {
	ref := str(n, "$ref")
	if ref == "" {
		return n
	}
	return get(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// typeOf describes a schema in a few words, with links to the named ones.
func typeOf(n *yaml.Node) template.HTML {
	if n == nil {
		return ""
	}
	if ref := str(n, "$ref"); ref != "" {
		name := ref[strings.LastIndex(ref, "/")+1:]
		return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`)
	}
	kind := str(n, "type")
	if format := str(n, "format"); format != "" && format != "int64" {
		kind = format
	}
	if kind == "array" {
		return "list of " + typeOf(get(n, "items"))
	}
	var words []string
	for _, e := range content(get(n, "enum")) {
		words = append(words, "<code>"+html.EscapeString(e.Value)+"</code>")
	}
	for _, e := range content(get(n, "oneOf")) {
		words = append(words, string(typeOf(e)))
	}
	if len(words) > 0 {
		kind = strings.Join(words, ", ")
	}
	if pattern := str(n, "pattern"); pattern != "" {
		kind += " <code>" + html.EscapeString(pattern) + "</code>"
	}
	if str(n, "nullable") == "true" {
		kind += " or null"
	}
	return template.HTML(kind)
}

// get walks down mappings; nil when there is no such key.
func get(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		var next *yaml.Node
		each(n, func(k string, v *yaml.Node) {
			if k == key {
				next = v
			}
		})
		n = next
	}
	return n
}

func str(n *yaml.Node, key string) string {
	if v := get(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

func content(n *yaml.Node) []*yaml.Node {
	if n == nil {
		return nil
	}
	return n.Content
}

func each(n *yaml.Node, f func(key string, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i].Value, n.Content[i+1])
	}
}

// text renders the little Markdown that descriptions use: paragraphs, bold,
// code.
func text(s string) template.HTML {
	var out strings.Builder
	for _, p := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if p != "" {
			out.WriteString("<p>" + string(inline(p)) + "</p>\n")
		}
	}
	return template.HTML(out.String())
}

func inline(s string) template.HTML {
	s = html.EscapeString(strings.TrimSpace(s))
	s = regexp.MustCompile("`([^`]+)`").ReplaceAllString(s, "<code>$1</code>")
	s = regexp.MustCompile(`\*\*([^*]+)\*\*`).ReplaceAllString(s, "<strong>$1</strong>")
	s = regexp.MustCompile(`(^|[\s(])\*([^*\s][^*]*)\*`).ReplaceAllString(s, "$1<em>$2</em>")
	return template.HTML(s)
}

const layout = `<!doctype html>
<!-- Made from openapi.yaml by go generate ./api; do not edit. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}: the API</title>
<style>
:root { color-scheme: light dark; --line: #8885; --soft: #8881; --link: light-dark(#0a58a8, #7db8f5) }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 19rem minmax(0, 1fr) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.2rem; border-right: 1px solid var(--line); font-size: .9rem }
nav a { display: block; padding: .1rem 0; text-decoration: none } nav h2 { font-size: .9rem; margin: 1rem 0 .2rem }
main { padding: 1.5rem 2.5rem 6rem; max-width: 62rem }
a { color: var(--link) } code, pre { font-family: ui-monospace, monospace; font-size: .9em } code { background: var(--soft); padding: 0 .2em; border-radius: 3px; overflow-wrap: anywhere }
article { border-top: 1px solid var(--line); padding: 1rem 0; scroll-margin-top: 1rem }
h3 { font-size: 1.05rem; margin: 0 } .method { font-weight: 700 } .note { opacity: .75 }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .92rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line) } th { font-weight: 600 }
tr:target, article:target { background: var(--soft) } summary { cursor: pointer; font-weight: 600 }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto; border: 0 } main { padding: 1rem } table { display: block; overflow-x: auto } }
</style>
</head>
<body>
<nav aria-label="Contents">
<strong>{{.Title}}</strong>
<a href="#introduction">Introduction</a>
{{range .Tags}}<h2><a href="#tag-{{.Name}}">{{.Name}}</a></h2>
{{range .Operations}}<a href="#{{.ID}}">{{.Summary}}</a>
{{end}}{{end}}<h2><a href="#codes">error codes</a></h2><h2><a href="#schemas">schemas</a></h2>
{{range .Schemas}}<a href="#schema-{{.Name}}">{{.Name}}</a>
{{end}}</nav>
<main>
<h1 id="introduction">{{.Title}}: the API</h1>
<p class="note">Version {{.Version}}. The same as a file: <a href="openapi.yaml">openapi.yaml</a>.</p>
{{text .Intro}}
{{range .Tags}}<section>
<h2 id="tag-{{.Name}}">{{.Name}}</h2>
{{text .Description}}
{{range .Operations}}<article id="{{.ID}}">
<h3><span class="method">{{.Method}}</span> <code>{{.Path}}</code></h3>
<p><strong>{{.Summary}}</strong>{{if .Open}} <span class="note">(needs no token)</span>{{end}}</p>
{{text .Description}}
{{if .Parameters}}<table><tr><th>parameter<th>in<th>type<th></tr>
{{range .Parameters}}<tr><td><code>{{.Name}}</code><td>{{.In}}<td>{{.Type}}<td>{{inline .Description}}</tr>
{{end}}</table>{{end}}
{{range .Body}}<p>Body: {{.}}</p>{{end}}
<details open><summary>Answers</summary><table>
{{range .Answers}}<tr><td>{{.Status}}<td>{{.Type}}<td>{{inline .Description}}</tr>
{{end}}</table></details>
</article>
{{end}}</section>
{{end}}<section>
<h2 id="codes">Error codes</h2>
<table><tr><th>code<th>status<th>means</tr>
{{range .Codes}}<tr id="code-{{.Name}}"><td><code>{{.Name}}</code><td>{{.Status}}<td>{{inline .Means}}</tr>
{{end}}</table>
</section>
<section>
<h2 id="schemas">Schemas</h2>
{{range .Schemas}}<article id="schema-{{.Name}}">
<h3>{{.Name}}</h3>
{{if .Frame}}<p class="note">A message of kind {{.Frame}} on the room socket{{if .Max}}, of at most {{.Max}} bytes{{end}}.</p>{{end}}
{{text .Description}}
{{if .Fields}}<table><tr><th>field<th>type<th></tr>
{{range .Fields}}<tr><td><code>{{.Name}}</code>{{if not .Required}} <span class="note">optional</span>{{end}}<td>{{.Type}}<td>{{inline .Description}}</tr>
{{end}}</table>{{else}}<p>{{.Type}}</p>{{end}}
</article>
{{end}}</section>
</main>
</body>
</html>
`
