package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/notebookhub/hub/hub"
)

// Policies of the browser client's pages, unless Options name others.
const (
	pageCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
		"font-src 'self' data:; connect-src 'self'; frame-src 'self'; media-src 'self' data: blob:; worker-src 'self' blob:; " +
		"manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
	sandboxCSP = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; " +
		"style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src 'none'; form-action 'none'; frame-ancestors 'self'"
)

// site is the browser client as it is served. It is immutable.
type site struct {
	files fs.FS
	index []byte // with our base; nil: there is no client
}

func newSite(files fs.FS, base string) *site {
	s := &site{files: files}
	if files == nil {
		return s
	}
	if index, err := fs.ReadFile(files, "index.html"); err == nil {
		s.index = bytes.Replace(index, []byte(`<base href="/">`), []byte(`<base href="`+base+`/">`), 1)
	}
	return s
}

// getPage serves the browser client: everything that is no other route.
func (s *server) getPage(w http.ResponseWriter, r *http.Request) error {
	if !isPage(r.URL.Path) {
		return noRoute(r)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return noRoute(r)
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case s.site.index == nil && name == "":
		return s.getHome(w, r)
	case s.site.index == nil:
		return noRoute(r)
	case name == "index.html" || isView(name):
		return s.servePage(w, r, s.site.index, or(s.PageCSP, pageCSP))
	case name == "sandbox.html":
		page, err := fs.ReadFile(s.site.files, name)
		if err != nil {
			return noRoute(r)
		}
		return s.servePage(w, r, page, or(s.SandboxCSP, sandboxCSP))
	}
	return s.serveAsset(w, r, name)
}

// isView tells the addresses that the client's own code shows something at.
func isView(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "" || first == "tree" || first == "notebooks" || first == "rooms"
}

func (s *server) servePage(w http.ResponseWriter, r *http.Request, page []byte, policy string) error {
	w.Header().Set("Content-Security-Policy", policy)
	return serveText(w, r, "text/html; charset=utf-8", page)
}

// serveAsset serves one file of the client, compressed ahead when the browser
// takes that. Names below assets/ carry a hash of what they hold.
func (s *server) serveAsset(w http.ResponseWriter, r *http.Request, name string) error {
	if !fs.ValidPath(name) || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br") {
		return noRoute(r)
	}
	data, encoding, err := s.site.open(name, r.Header.Get("Accept-Encoding"))
	if errors.Is(err, fs.ErrNotExist) || (err == nil && data == nil) {
		return noRoute(r)
	}
	if err != nil {
		return &hub.Error{Code: hub.CodeInternal, Detail: "the file cannot be read", Err: err}
	}
	h := w.Header()
	h.Set("Content-Security-Policy", or(s.PageCSP, pageCSP))
	h.Set("Content-Type", typeOf(name))
	h.Set("Vary", "Accept-Encoding") // it is the same for everybody
	sum := sha256.Sum256(data)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	allowTime(w, int64(len(data)))
	serveContent(w, r, time.Time{}, bytes.NewReader(data))
	return nil
}

// open returns a file's bytes, and how they are compressed. A folder is nil.
func (s *site) open(name, accepted string) (data []byte, encoding string, err error) {
	if info, err := fs.Stat(s.files, name); err != nil || info.IsDir() {
		return nil, "", err
	}
	for _, c := range []struct{ name, extension string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(accepted, c.name) {
			continue
		}
		if data, err = fs.ReadFile(s.files, name+c.extension); err == nil {
			return data, c.name, nil
		}
	}
	data, err = fs.ReadFile(s.files, name)
	return data, "", err
}

// accepts reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func accepts(header, coding string) bool {
	for _, part := range strings.Split(strings.ToLower(header), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) != coding {
			continue
		}
		q := strings.TrimPrefix(strings.TrimSpace(params), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return err != nil || weight > 0
	}
	return false
}

// typeOf names the content types that clients are built of, whatever the
// machine's own tables say.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func or(given, absent string) string {
	if given != "" {
		return given
	}
	return absent
}
