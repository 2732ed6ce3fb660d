package api

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

// clientFiles are a browser client as its build makes one.
func clientFiles() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html":          file(`<!doctype html><base href="/"><script src="assets/main-1a2b.js"></script>`),
		"sandbox.html":        file(`<!doctype html><script>1</script>`),
		"favicon.svg":         file(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"assets/main-1a2b.js": file(`console.log("plain")`), "assets/main-1a2b.js.gz": file("gzipped"), "assets/main-1a2b.js.br": file("brotlied"),
		"assets/x-3c4d.css": file(`a{}`), "assets/x-3c4d.css.gz": file("gzipped css"),
	}
}

func withClient(s *setup) { s.api.Web = clientFiles() }

// A person without a cookie sees words: the pages need no token.
func TestPages_OfTheClient(t *testing.T) {
	e := newEnv(t, withClient, func(s *setup) { s.api.BaseURL = "/lab" })
	for _, path := range []string{"/", "/tree/a/b", "/notebooks/a.ipynb", "/notebooks/a%2Fb.ipynb", "/rooms/x", "/index.html"} {
		r := e.do("GET", path, nil, "Authorization", "").want(200)
		if !strings.Contains(string(r.body), `<base href="/lab/">`) || r.header.Get("Content-Security-Policy") != pageCSP || r.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %s\n%v", path, r.body, r.header)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		e.do("GET", path, nil, "If-None-Match", r.header.Get("ETag")).want(304)
	}
	sandbox := e.do("GET", "/sandbox.html", nil, "Authorization", "").want(200)
	if csp := sandbox.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox allow-scripts;") || sandbox.header.Get("X-Frame-Options") != "" {
		t.Errorf("sandbox: %s", csp)
	}
	for _, path := range []string{"/nothing", "/assets/none.js", "/assets", "/assets/main-1a2b.js.gz", "/assets/../index.html", "/assets//main-1a2b.js", "/.git/config", "/assets/%2e%2e/index.html", "/metricsx"} {
		e.do("GET", path, nil).wantCode(404, codeNoRoute)
	}
	e.do("POST", "/", `{}`).wantCode(404, codeNoRoute)
	// Beside the base there is nothing, and the base itself leads to the page.
	for path, want := range map[string]int{"/": 404, "/labx/": 404, "/healthz": 404, "/lab": 303, "/lab/healthz": 200} {
		resp, err := (&http.Client{CheckRedirect: e.client.CheckRedirect}).Get(e.server.URL + path)
		e.ok(err)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestPages_AssetsAreCompressedAheadAndKept(t *testing.T) {
	e := newEnv(t, withClient)
	for _, c := range []struct{ path, accept, encoding, body, kind string }{
		{"main-1a2b.js", "gzip, deflate, br", "br", "brotlied", "text/javascript; charset=utf-8"},
		{"main-1a2b.js", "gzip", "gzip", "gzipped", "text/javascript; charset=utf-8"},
		{"main-1a2b.js", "gzip;q=0, br;q=0.0", "", `console.log("plain")`, "text/javascript; charset=utf-8"},
		{"main-1a2b.js", "identity", "", `console.log("plain")`, "text/javascript; charset=utf-8"},
		{"x-3c4d.css", "br, GZIP;q=0.5", "gzip", "gzipped css", "text/css; charset=utf-8"},
	} {
		r := e.do("GET", "/assets/"+c.path, nil, "Accept-Encoding", c.accept, "Authorization", "").want(200)
		if string(r.body) != c.body || r.header.Get("Content-Encoding") != c.encoding || r.header.Get("Content-Type") != c.kind {
			t.Errorf("%s for %q: %q %v", c.path, c.accept, r.body, r.header)
		}
		if r.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.Contains(strings.Join(r.header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%s: %v", c.path, r.header)
		}
	}
	if r := e.do("GET", "/favicon.svg", nil, "Authorization", "").want(200); r.header.Get("Cache-Control") != "no-cache" || r.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("favicon %v", r.header)
	}
}

// Without a client, the root lists notebooks and rooms, for those who may.
func TestPages_PlainList(t *testing.T) {
	e := newEnv(t)
	e.file(`<script>alert(1)</script>.ipynb`, twoCells)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	ask := e.do("GET", "/", nil, "Authorization", "").want(401)
	if !strings.Contains(string(ask.body), `name="token"`) || strings.Contains(string(ask.body), "a.ipynb") {
		t.Errorf("a page for nobody: %s", ask.body)
	}
	page := string(e.do("GET", "/", nil, "Authorization", "", "Cookie", e.cookie()).want(200).body)
	for _, part := range []string{"a.ipynb", room.ID.String(), "live", "&lt;script&gt;"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q: %s", part, page)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("a file name runs")
	}
	e.do("GET", "/tree", nil).wantCode(404, codeNoRoute)
}

func TestOperations_ContractAndDocs(t *testing.T) {
	e := newEnv(t)
	for path, kind := range map[string]string{"/openapi.yaml": "application/yaml; charset=utf-8", "/docs": "text/html; charset=utf-8"} {
		r := e.do("GET", path, nil, "Authorization", "").want(200)
		if r.header.Get("Content-Type") != kind {
			t.Errorf("%s is %s", path, r.header.Get("Content-Type"))
		}
		e.do("GET", path, nil, "If-None-Match", r.header.Get("ETag")).want(304)
	}
	for _, o := range spec.ops {
		if !strings.Contains(docsPage, `id="`+o.op.OperationID+`"`) {
			t.Errorf("the page lacks %s", o.op.OperationID)
		}
	}
	if strings.Contains(docsPage, "<script") || strings.Contains(docsPage, "src=") || strings.Contains(docsPage, "@import") {
		t.Error("the page needs something from elsewhere")
	}
}

func TestOperations_Metrics(t *testing.T) {
	e := newEnv(t, func(s *setup) {
		s.api.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			_, _ = io.WriteString(w, "hub_rooms 0\n")
		})
	})
	if r := e.do("GET", "/metrics", nil).want(200); string(r.body) != "hub_rooms 0\n" {
		t.Errorf("metrics %q", r.body)
	}
}

// Large outputs are immutable, come in parts, and cannot run.
func TestBlobs_RangesAndSandbox(t *testing.T) {
	e := newEnv(t)
	text := "<script>alert(1)</script>" + strings.Repeat("x", 1000)
	sum, _, err := e.store.PutBlob(strings.NewReader(text))
	e.ok(err)
	if want := sha256.Sum256([]byte(text)); sum != hex.EncodeToString(want[:]) {
		t.Fatalf("sum %s", sum)
	}
	path := "/api/v1/blobs/" + sum
	r := e.do("GET", path, nil).want(200)
	if string(r.body) != text || !strings.HasPrefix(r.header.Get("Content-Security-Policy"), "sandbox;") || !strings.Contains(r.header.Get("Cache-Control"), "immutable") || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("blob %v", r.header)
	}
	if part := e.do("GET", path, nil, "Range", "bytes=1-6").want(206); string(part.body) != "script" {
		t.Errorf("part %q", part.body)
	}
	e.do("GET", path, nil, "Range", "bytes=99999-").want(416)
	e.do("GET", path, nil, "If-None-Match", r.header.Get("ETag")).want(304)
	for _, bad := range []string{strings.Repeat("0", 64), "x", strings.ToUpper(sum), sum + "0", "..%2f" + sum} {
		e.do("GET", "/api/v1/blobs/"+bad, nil).want(404)
	}
}
