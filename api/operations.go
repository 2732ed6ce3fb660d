package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	openapi "github.com/notebookhub/hub"
	"github.com/notebookhub/hub/hub"
)

//go:embed docs.gen.html
var docsPage string

func (s *server) routeOperations(mux *chi.Mux) {
	mux.Get("/ws/{room}", s.inRoom(s.attach))
	mux.Get("/api/v1/blobs/{sha256}", s.handle(s.getBlob))
	mux.Get("/api/v1/me", s.handle(s.getMe))
	mux.Get("/healthz", s.handle(s.health))
	mux.Get("/readyz", s.handle(s.ready))
	mux.Get("/metrics", s.handle(s.metrics))
	mux.Get("/openapi.yaml", s.handle(s.getContract))
	mux.Get("/docs", s.handle(s.getDocs))
}

// getBlob serves a large output. Its type is what the notebook said; the
// sandbox keeps whatever it is from being a page of the hub.
func (s *server) getBlob(w http.ResponseWriter, r *http.Request) error {
	sum := param(r, "sha256")
	if len(sum) != 2*sha256.Size || !only(sum, "0123456789abcdef") {
		return edge(hub.CodeNotFound, "there is no blob %q", sum)
	}
	content, kind, err := s.hub.Blob(r.Context(), sum)
	if err != nil {
		return err
	}
	defer content.Close()
	if kind == "" {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("ETag", `"`+sum+`"`)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'self'")
	allowTime(w, s.MaxNotebook)
	serveContent(w, r, time.Time{}, content)
	return nil
}

// serveContent answers a read, whole or in part. The conditions of writes mean
// nothing here.
func serveContent(w http.ResponseWriter, r *http.Request, modified time.Time, content io.ReadSeeker) {
	r.Header.Del("If-Match")
	r.Header.Del("If-Unmodified-Since")
	http.ServeContent(w, r, "", modified, content)
}

func (s *server) getMe(w http.ResponseWriter, r *http.Request) error {
	c := by(r)
	return writeJSON(w, r, http.StatusOK, Me{ID: c.ID, Name: c.Name, ReadOnly: c.ReadOnly, Version: optional(s.Version)})
}

func (s *server) health(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, r, http.StatusOK, Health{Status: HealthStatusOk})
}

func (s *server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.hub.Ready(r.Context()); err != nil {
		return err
	}
	return s.health(w, r)
}

func (s *server) metrics(w http.ResponseWriter, r *http.Request) error {
	if s.Metrics == nil {
		return noRoute(r)
	}
	w.Header().Set("Cache-Control", "no-store")
	s.Metrics.ServeHTTP(w, r)
	return nil
}

func (s *server) getContract(w http.ResponseWriter, r *http.Request) error {
	return serveText(w, r, "application/yaml; charset=utf-8", []byte(openapi.Document()))
}

// getDocs serves the contract as a page, made from openapi.yaml when the code
// is generated. It needs no script.
func (s *server) getDocs(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	return serveText(w, r, "text/html; charset=utf-8", []byte(docsPage))
}

func serveText(w http.ResponseWriter, r *http.Request, kind string, data []byte) error {
	sum := sha256.Sum256(data)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	allowTime(w, int64(len(data)))
	serveContent(w, r, time.Time{}, bytes.NewReader(data))
	return nil
}
