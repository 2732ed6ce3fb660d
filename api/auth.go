package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/notebookhub/hub/hub"
)

// Auth says who may use the hub.
type Auth struct {
	// Token opens everything. Without one, and without NoAuth, nothing opens.
	Token string
	// NoAuth asks for no token from clients on this machine; everybody else
	// still needs it.
	NoAuth bool
}

// maxName is the greatest length of a self-chosen name, in characters.
const maxName = 64

// credential is how a request showed that it may.
type credential int

const (
	credentialNone credential = iota
	credentialToken
	credentialCookie
	credentialLocal // none needed
)

// gate decides who may pass. It is static after newGate.
type gate struct {
	Auth
	allow  map[string]bool // lower-case names, with or without a port
	cookie string          // what the cookie of this token holds
	id     string          // of whoever holds the token
}

func newGate(a Auth, allowHosts []string) gate {
	g := gate{Auth: a, allow: make(map[string]bool)}
	for _, host := range allowHosts {
		g.allow[strings.ToLower(strings.TrimSuffix(host, "."))] = true
	}
	g.cookie = derive(a.Token, "cookie")
	g.id = "token-" + derive(a.Token, "identity")[:12]
	return g
}

// derive makes a value that only the holder of the token could have made, and
// that does not give the token away.
func derive(token, purpose string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("notebook-hub " + purpose))
	return hex.EncodeToString(mac.Sum(nil))
}

// equal compares in a time that tells nothing about want. An empty want equals
// nothing.
func equal(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// admit lets a request through to the router, or refuses it.
func (s *server) admit(w http.ResponseWriter, r *http.Request) {
	shown, err := s.gate.check(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	n := note(r)
	n.client, n.known = s.gate.client(r, shown), shown != credentialNone
	if r.Method == http.MethodGet && shown == credentialToken && isPage(r.URL.Path) && r.URL.Query().Has("token") {
		http.SetCookie(w, s.gate.newCookie(r, s.base+"/"))
		redirectPage(w, r, s.base+r.URL.EscapedPath())
		return
	}
	s.router.ServeHTTP(w, r)
}

// check finds the credential of a request and refuses what may not pass. What
// is public passes without one.
func (g gate) check(r *http.Request) (credential, error) {
	if err := g.checkOrigin(r); err != nil {
		return credentialNone, err
	}
	shown, ok := g.credential(r)
	switch public := isPublic(r.URL.Path); {
	case public:
		return shown, nil
	case !ok || shown == credentialNone:
		return credentialNone, edge(codeUnauthorized, "a token is needed: Authorization: Bearer TOKEN, or ?token=TOKEN")
	case shown == credentialCookie || shown == credentialLocal:
		return shown, g.checkSameOrigin(r, shown)
	}
	return shown, nil
}

// credential returns what a request shows. ok is false for a wrong token, which
// nothing else makes good.
func (g gate) credential(r *http.Request) (shown credential, ok bool) {
	if token, given := tokenOf(r); given {
		if equal(token, g.Token) {
			return credentialToken, true
		}
		return credentialNone, false
	}
	for _, c := range r.CookiesNamed(cookieName(r)) {
		if equal(c.Value, g.cookie) && g.Token != "" {
			return credentialCookie, true
		}
	}
	if g.NoAuth && fromLoopback(r) {
		return credentialLocal, true
	}
	return credentialNone, true
}

// tokenOf returns the token that a request carries. Other schemes of
// Authorization are somebody else's, a proxy's say.
func tokenOf(r *http.Request) (token string, given bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "token") {
		return strings.TrimSpace(value), true
	}
	if q := r.URL.Query(); (r.Method == http.MethodGet || r.Method == http.MethodHead) && q.Has("token") {
		return q.Get("token"), true
	}
	return "", false
}

// client describes who asks: the id is ours, the name self-chosen.
func (g gate) client(r *http.Request, shown credential) hub.Client {
	c := hub.Client{ID: g.id, Name: "anonymous"}
	if shown == credentialLocal {
		c.ID = "local"
	}
	name, err := url.PathUnescape(r.Header.Get("X-Hub-Name"))
	if err != nil || name == "" {
		name = r.URL.Query().Get("name")
	}
	if name = cleanName(name); name != "" {
		c.Name = name
	}
	return c
}

func cleanName(name string) string {
	name = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, name)
	runes := []rune(strings.TrimSpace(name))
	return string(runes[:min(len(runes), maxName)])
}

// newCookie makes the cookie that stands for the token. Its name ends in the
// port, because browsers do not keep cookies of different ports apart.
func (g gate) newCookie(r *http.Request, path string) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(r), Value: g.cookie, Path: path, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int((30 * 24 * time.Hour).Seconds()),
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

func cookieName(r *http.Request) string {
	_, port := splitHost(r.Host)
	if port == "" {
		port = "80"
	}
	return "notebook-hub-" + port
}

func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// isPage tells the paths of the browser client, and of what else is opened in
// a browser.
func isPage(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/api", "/ws":
		return false
	}
	return !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/ws/")
}

// isPublic tells what needs no token: it holds nothing of the user's.
func isPublic(path string) bool {
	return isPage(path) || path == "/healthz" || path == "/readyz" || path == "/openapi.yaml"
}

// redirectPage sends a browser to a path of our own, with what the query holds
// besides the token.
func redirectPage(w http.ResponseWriter, r *http.Request, path string) {
	q := r.URL.Query()
	q.Del("token")
	// Two slashes at the front would name another host.
	target := "/" + strings.TrimLeft(strings.ReplaceAll(path, `\`, "%5C"), "/")
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}
