package api

import (
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/notebookhub/hub/hub"
)

// Options configure New. Hub is required; everything else has a default.
type Options struct {
	Hub  *hub.Hub
	Auth Auth
	// BaseURL is the path under which everything is served, such as "/hub"; ""
	// for the root of the address.
	BaseURL string
	// AllowHosts are names, with or without a port, under which the hub may be
	// addressed besides localhost and plain IP addresses: a proxy's name, say.
	AllowHosts []string
	// Web holds the browser client: index.html, sandbox.html, assets/*. Without
	// an index.html, / is a plain list of notebooks and rooms.
	Web                 fs.FS
	PageCSP, SandboxCSP string // Content-Security-Policy of its pages; "": a strict one
	Logger              *slog.Logger
	Metrics             http.Handler // serves /metrics; nil: 404
	Version             string       // told to clients
	MaxNotebook         int64        // bytes of a notebook in a request; default 256 MiB
	MaxFrame            int64        // bytes of a WebSocket message, at least the greatest of the hub's caps; default 64 MiB
}

// Limits of requests that are not options.
const (
	maxBody  = 1 << 20     // bytes of a JSON body
	maxCell  = 32 << 20    // bytes of a JSON body that carries a cell
	bodyWait = time.Minute // for a body to arrive, plus what its size needs
	sendWait = time.Minute // for a response to be taken, plus what its size needs
	sendRate = 64 << 10    // bytes a second that a client must manage at least
)

// server holds what the handlers share. Everything is static after New, but
// refused and lobby, which guard themselves.
type server struct {
	Options
	hub     *hub.Hub
	log     *slog.Logger
	base    string
	gate    gate
	site    *site
	router  *chi.Mux
	epoch   string // tells the event numbers of this run from those of others
	refused refusals
	lobby   *hub.Lobby
}

// New returns the handler of everything that the hub serves over HTTP. It may
// be used by any number of requests at once, and ends none of them by itself:
// streams and sockets end with their client or with the Hub.
func New(o Options) http.Handler {
	s := newServer(o)
	return s.observe(s.safely(http.HandlerFunc(s.enter)))
}

func newServer(o Options) *server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxNotebook == 0 {
		o.MaxNotebook = 256 << 20
	}
	if o.MaxFrame == 0 {
		o.MaxFrame = 64 << 20
	}
	s := &server{Options: o, hub: o.Hub, log: o.Logger, base: cleanBase(o.BaseURL), epoch: newEpoch()}
	s.lobby = hub.NewLobby(o.Hub)
	s.gate = newGate(o.Auth, o.AllowHosts)
	s.site = newSite(o.Web, s.base)
	s.router = s.routes()
	return s
}

// cleanBase returns a base URL's path with a leading and without a trailing
// slash; "" for the root.
func cleanBase(base string) string {
	if base = strings.Trim(base, "/"); base == "" {
		return ""
	}
	return "/" + base
}

// enter checks who asks from where, takes the base off the path and routes.
func (s *server) enter(w http.ResponseWriter, r *http.Request) {
	if err := s.gate.checkHost(r); err != nil {
		s.fail(w, r, err)
		return
	}
	if s.base != "" {
		if r.URL.Path == s.base {
			redirectPage(w, r, s.base+"/")
			return
		}
		inner, ok := underBase(r, s.base)
		if !ok {
			s.fail(w, r, noRoute(r))
			return
		}
		r = inner
	}
	s.admit(w, r)
}

// underBase returns the request with the base taken off its path.
func underBase(r *http.Request, base string) (*http.Request, bool) {
	path, ok := strings.CutPrefix(r.URL.Path, base+"/")
	if !ok {
		return nil, false
	}
	raw := ""
	if r.URL.RawPath != "" {
		if raw, ok = strings.CutPrefix(r.URL.RawPath, base+"/"); !ok {
			return nil, false
		}
		raw = "/" + raw
	}
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath = "/"+path, raw
	return inner, true
}

// routes is the one table of what is served. It equals openapi.yaml's paths.
func (s *server) routes() *chi.Mux {
	mux := chi.NewRouter()
	mux.Use(middleware.GetHead)
	mux.NotFound(s.handle(s.getPage)) // GET /{file} of the contract
	mux.MethodNotAllowed(s.methodNotAllowed)
	s.routeNotebooks(mux)
	s.routeRooms(mux)
	s.routeCells(mux)
	s.routeKernels(mux)
	s.routeEvents(mux)
	s.routeOperations(mux)
	s.routeJupyter(mux)
	return mux
}

// handler answers a request or returns why it cannot. It must not have written
// anything when it returns an error.
type handler func(w http.ResponseWriter, r *http.Request) error

func (s *server) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// methodNotAllowed answers 405 and names the methods that there are.
func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var allow []string
	for _, method := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
		if s.router.Match(chi.NewRouteContext(), method, path) {
			allow = append(allow, method)
			if method == "GET" {
				allow = append(allow, "HEAD")
			}
		}
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	s.fail(w, r, edge(codeMethod, "%s is not possible here", r.Method))
}
