package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// checkHost refuses names that are not ours. A page of a foreign name that was
// made to resolve to our address (DNS rebinding) would otherwise be same-origin
// with us. Plain addresses cannot be rebound.
func (g gate) checkHost(r *http.Request) error {
	host, port := splitHost(r.Host)
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"), isAddress(host):
		return nil
	case host != "" && (g.allow[host] || g.allow[host+":"+port]):
		return nil
	}
	return edge(codeForbidden, "this hub does not answer to the host name %q; --allow-host adds one", host)
}

// checkOrigin refuses every request that a page of another origin makes,
// whatever it shows. Clients that are no pages send no Origin.
func (g gate) checkOrigin(r *http.Request) error {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	if len(origins) > 1 || !g.ours(origins[0], r) {
		return edge(codeForbidden, "pages of another origin may not use this hub")
	}
	return nil
}

// checkSameOrigin holds requests whose credential a browser adds by itself to
// our own pages: what changes something, and every socket, must say where it
// comes from; reads must not come from elsewhere.
func (g gate) checkSameOrigin(r *http.Request, shown credential) error {
	from := r.Header.Get("Sec-Fetch-Site")
	named := r.Header.Get("Origin") != "" // and then ours: checkOrigin has seen to it
	safe := (r.Method == http.MethodGet || r.Method == http.MethodHead) && !wantsUpgrade(r)
	switch {
	case named:
		return nil
	case from == "cross-site" || from == "same-site":
		return edge(codeForbidden, "pages of another origin may not use this hub")
	case safe, from == "same-origin" && !wantsUpgrade(r), shown == credentialLocal:
		return nil
	}
	return edge(codeForbidden, "a request with the cookie must name its Origin")
}

// ours tells whether an Origin is the hub's own: the very host and port that
// the request was sent to, or a name that was allowed (a proxy's).
func (g gate) ours(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	host, port := splitHost(u.Host)
	ownHost, ownPort := splitHost(r.Host)
	if host == ownHost && (port == ownPort || defaultPort(u.Scheme, port) == defaultPort(u.Scheme, ownPort)) {
		return true
	}
	if port == "" || port == defaultPort(u.Scheme, "") {
		return g.allow[host]
	}
	return g.allow[host+":"+port]
}

func defaultPort(scheme, port string) string {
	switch {
	case port != "":
		return port
	case scheme == "https":
		return "443"
	}
	return "80"
}

// splitHost parts a Host header into a lower-case name, without brackets and
// final dot, and a port that may be "".
func splitHost(hostport string) (host, port string) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, ""
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, ".")), port
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
