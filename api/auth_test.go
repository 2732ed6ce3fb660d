package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAuth_EveryWayToShowTheToken(t *testing.T) {
	e := newEnv(t)
	for _, header := range []string{"Bearer " + testToken, "bearer " + testToken, "token " + testToken, "Token  " + testToken} {
		e.do("GET", "/api/v1/me", nil, "Authorization", header).want(200)
	}
	e.do("GET", "/api/v1/me?token="+testToken, nil, "Authorization", "").want(200)
	e.do("HEAD", "/api/v1/me?token="+testToken, nil, "Authorization", "").want(200)
	e.do("GET", "/api/v1/me", nil, "Authorization", "", "Cookie", e.cookie()).want(200)
	// A query ends up in logs and histories: it opens reads alone.
	e.do("POST", "/api/v1/rooms?token="+testToken, `{}`, "Authorization", "").want(401)
	// A proxy's own login goes beside our cookie.
	e.do("GET", "/api/v1/me", nil, "Authorization", "Basic cHJveHk6eA==", "Cookie", e.cookie()).want(200)
}

func TestAuth_ThePageTakesTheTokenOutOfTheAddress(t *testing.T) {
	e := newEnv(t, func(s *setup) { s.api.BaseURL = "/lab/" })
	r := e.do("GET", "/tree/a%2Fb?x=1&token="+testToken, nil, "Authorization", "").want(303)
	if got := r.header.Get("Location"); got != "/lab/tree/a%2Fb?x=1" {
		t.Errorf("redirected to %q", got)
	}
	cookie := r.header.Get("Set-Cookie")
	for _, part := range []string{"notebook-hub-" + portOf(e.server.URL) + "=", "Path=/lab/", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, testToken) {
		t.Error("the cookie gives the token away")
	}
	if r := e.do("GET", "/tree?token=wrong", nil, "Authorization", ""); r.header.Get("Set-Cookie") != "" {
		t.Error("a cookie for a wrong token")
	}
}

// The address of a page never sends a browser elsewhere.
func TestAuth_NoOpenRedirect(t *testing.T) {
	h := New(Options{Auth: Auth{Token: testToken}})
	for _, path := range []string{"//evil.example/", "///evil.example", `/\evil.example`, `\\evil.example`, "/%2Fevil.example", "//", "/.//evil.example"} {
		r := httptest.NewRequest("GET", "http://localhost/?token="+testToken, nil)
		r.URL.Path, r.URL.RawPath = path, ""
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		to := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) {
			t.Errorf("%s: %d to %q", path, w.Code, to)
		}
	}
}

func TestAuth_NoTokenAtAllOpensNothing(t *testing.T) {
	e := newEnv(t, func(s *setup) { s.api.Auth = Auth{} })
	e.do("GET", "/api/v1/me", nil, "Authorization", "Bearer ").want(401)
	e.do("GET", "/api/v1/me?token=", nil, "Authorization", "").want(401)
	e.do("GET", "/api/v1/me", nil, "Authorization", "", "Cookie", "notebook-hub-"+portOf(e.server.URL)+"="+derive("", "cookie")).want(401)
}

// Without auth, this machine may, and pages of other origins may not.
func TestAuth_NoAuthIsForThisMachineAlone(t *testing.T) {
	e := newEnv(t, func(s *setup) { s.api.Auth = Auth{NoAuth: true} })
	if me := into[Me](e.do("GET", "/api/v1/me", nil, "Authorization", "").want(200)); me.ID != "local" {
		t.Errorf("identity %q", me.ID)
	}
	e.do("POST", "/api/v1/rooms", `{}`, "Authorization", "").want(201)
	e.do("POST", "/api/v1/rooms", `{}`, "Authorization", "", "Origin", "http://evil.example").want(403)
	e.do("GET", "/api/v1/rooms", nil, "Authorization", "", "Sec-Fetch-Site", "cross-site").want(403)

	g := newGate(Auth{NoAuth: true, Token: testToken}, nil)
	r, err := http.NewRequest("GET", "http://192.0.2.7:8888/api/v1/rooms", nil)
	e.ok(err)
	for remote, pass := range map[string]bool{"127.0.0.1:5": true, "[::1]:5": true, "192.0.2.9:5": false, "@": false, "": false} {
		r.RemoteAddr = remote
		if _, err := g.check(r); (err == nil) != pass {
			t.Errorf("from %q: %v", remote, err)
		}
	}
}

func TestHost_OnlyNamesThatAreOurs(t *testing.T) {
	g := newGate(Auth{}, []string{"lab.example.org", "Other.example:9000"})
	for host, pass := range map[string]bool{
		"localhost": true, "localhost:8888": true, "LOCALHOST:1": true, "localhost.:1": true, "hub.localhost": true,
		"127.0.0.1:8888": true, "[::1]:8888": true, "192.168.1.5": true, "[fe80::1%25eth0]:1": true,
		"lab.example.org": true, "lab.example.org:8443": true, "LAB.example.org.": true, "other.example:9000": true,
		"": false, "evil.example": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"other.example": false, "other.example:9001": false, "notlocalhost": false, "x.lab.example.org": false,
	} {
		r := &http.Request{Host: host}
		if err := g.checkHost(r); (err == nil) != pass {
			t.Errorf("Host %q: %v", host, err)
		}
	}
}

func TestOrigin_OnlyOurOwnAndWhatWasAllowed(t *testing.T) {
	g := newGate(Auth{}, []string{"lab.example.org", "other.example:9000"})
	for _, c := range []struct {
		host, origin string
		ours         bool
	}{
		{"localhost:8888", "http://localhost:8888", true},
		{"localhost:8888", "http://LOCALHOST:8888", true},
		{"localhost:8888", "http://localhost:8889", false},
		{"localhost:8888", "http://localhost", false},
		{"localhost:8888", "http://127.0.0.1:8888", false},
		{"hub.localhost", "https://hub.localhost", true},
		{"127.0.0.1:8888", "https://lab.example.org", true},
		{"127.0.0.1:8888", "https://lab.example.org:8443", false},
		{"127.0.0.1:8888", "https://lab.example.org.evil.example", false},
		{"127.0.0.1:8888", "http://other.example:9000", true},
		{"127.0.0.1:8888", "http://other.example", false},
		{"127.0.0.1:8888", "null", false},
		{"127.0.0.1:8888", "", false},
		{"127.0.0.1:8888", "http://127.0.0.1:8888@evil.example", false},
		{"127.0.0.1:8888", "ftp://127.0.0.1:8888", false},
		{"[::1]:8888", "http://[::1]:8888", true},
	} {
		if got := g.ours(c.origin, &http.Request{Host: c.host}); got != c.ours {
			t.Errorf("Origin %q at %q: %v", c.origin, c.host, got)
		}
	}
	r := &http.Request{Host: "localhost", Header: http.Header{"Origin": {"http://localhost", "http://evil.example"}}}
	if g.checkOrigin(r) == nil {
		t.Error("two Origins passed")
	}
}

func TestClient_NamesAreForPeople(t *testing.T) {
	e := newEnv(t)
	for header, want := range map[string]string{
		"Ada":                    "Ada",
		"J%C3%BCrgen%20K.":       "Jürgen K.",
		"%0Aforged%00":           "forged",
		"":                       "anonymous",
		"%zz":                    "anonymous",
		"%E2%80%AEx":             "x", // right-to-left override
		strings.Repeat("n", 200): strings.Repeat("n", 64),
	} {
		me := into[Me](e.do("GET", "/api/v1/me", nil, "X-Hub-Name", header).want(200))
		if me.Name != want || !strings.HasPrefix(me.ID, "token-") || strings.Contains(me.ID, testToken) {
			t.Errorf("%q: %+v", header, me)
		}
	}
	if me := into[Me](e.do("GET", "/api/v1/me?name=Grace", nil).want(200)); me.Name != "Grace" {
		t.Errorf("by query: %+v", me)
	}
}

// What opens the hub never reaches the log.
func TestLog_HoldsNoSecrets(t *testing.T) {
	e := newEnv(t)
	cookie := e.cookie()
	e.do("GET", "/api/v1/me?token="+testToken+"&x=1", nil).want(200)
	e.do("GET", "/api/v1/me?x=%zz&token="+testToken, nil, "Cookie", cookie).want(200)
	e.do("GET", "/api/v1/me?token="+testToken+"wrong", nil, "Authorization", "").want(401)
	e.close()
	text := e.log.String()
	_, value, _ := strings.Cut(cookie, "=")
	if strings.Contains(text, testToken) || strings.Contains(text, value) {
		t.Errorf("the log holds a secret:\n%s", text)
	}
	for _, part := range []string{"query=\"token=REDACTED&x=1\"", "status=200", "path=/api/v1/me", "code=unauthorized"} {
		if !strings.Contains(text, part) {
			t.Errorf("the log lacks %s:\n%s", part, text)
		}
	}
}
