package api

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// route is one operation with a request that it would take.
type route struct {
	name   string // as in the contract
	body   string // JSON that it takes; "" for none
	public bool   // needs no token
	socket bool
	typed  bool // its body's content type and fields are checked
}

// everyRoute is written out so that whoever adds an operation thinks about who
// may use it: a test fails when one is missing.
var everyRoute = []route{
	{name: "GET /api/v1/notebooks"},
	{name: "POST /api/v1/notebooks", body: `{"from": "a.ipynb"}`, typed: true},
	{name: "GET /api/v1/notebooks/{path}"},
	{name: "PUT /api/v1/notebooks/{path}", body: twoCells},
	{name: "DELETE /api/v1/notebooks/{path}"},
	{name: "GET /api/v1/files/{path}"},
	{name: "GET /api/v1/trash"},
	{name: "POST /api/v1/trash", body: `{"id": "x"}`, typed: true},
	{name: "GET /api/v1/rooms"},
	{name: "POST /api/v1/rooms", body: `{"path": "a.ipynb"}`, typed: true},
	{name: "GET /api/v1/rooms/{room}"},
	{name: "DELETE /api/v1/rooms/{room}"},
	{name: "POST /api/v1/rooms/{room}/discard"},
	{name: "GET /api/v1/rooms/{room}/notebook"},
	{name: "PUT /api/v1/rooms/{room}/notebook", body: twoCells},
	{name: "POST /api/v1/rooms/{room}/save", body: `{}`, typed: true},
	{name: "POST /api/v1/rooms/{room}/rename", body: `{"path": "b.ipynb"}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/disk"},
	{name: "POST /api/v1/rooms/{room}/resolve", body: `{"keep": "room"}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/versions"},
	{name: "POST /api/v1/rooms/{room}/versions", body: `{}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/versions/{version}"},
	{name: "GET /api/v1/rooms/{room}/versions/{version}/diff"},
	{name: "POST /api/v1/rooms/{room}/versions/{version}/restore", body: `{}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/cells"},
	{name: "POST /api/v1/rooms/{room}/cells", body: `{"source": "1"}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/cells/{cell}"},
	{name: "PATCH /api/v1/rooms/{room}/cells/{cell}", body: `{"source": "1"}`, typed: true},
	{name: "DELETE /api/v1/rooms/{room}/cells/{cell}"},
	{name: "POST /api/v1/rooms/{room}/cells/{cell}/move", body: `{"index": 0}`, typed: true},
	{name: "GET /api/v1/kernelspecs"},
	{name: "POST /api/v1/rooms/{room}/executions", body: `{"all": true}`, typed: true},
	{name: "GET /api/v1/executions/{execution}"},
	{name: "DELETE /api/v1/executions/{execution}"},
	{name: "GET /api/v1/rooms/{room}/kernel"},
	{name: "PUT /api/v1/rooms/{room}/kernel", body: `{"name": "python3"}`, typed: true},
	{name: "DELETE /api/v1/rooms/{room}/kernel"},
	{name: "POST /api/v1/rooms/{room}/kernel/interrupt", body: `{}`, typed: true},
	{name: "POST /api/v1/rooms/{room}/kernel/restart", body: `{}`, typed: true},
	{name: "POST /api/v1/rooms/{room}/kernel/complete", body: `{"code": "pri", "cursor": 3}`, typed: true},
	{name: "POST /api/v1/rooms/{room}/kernel/inspect", body: `{"code": "print", "cursor": 3}`, typed: true},
	{name: "GET /api/v1/rooms/{room}/kernel/history"},
	{name: "POST /api/v1/rooms/{room}/prompt", body: `{"execution": "8b4a1b0e-6d5c-4c59-9a53-0d3b2ad0c3b5", "value": "x"}`, typed: true},
	{name: "GET /api/v1/events"},
	{name: "GET /api/v1/rooms/{room}/events"},
	{name: "GET /api/v1/blobs/{sha256}"},
	{name: "GET /api/v1/me"},
	{name: "GET /ws/{room}", socket: true},
	{name: "GET /healthz", public: true},
	{name: "GET /readyz", public: true},
	{name: "GET /metrics"},
	{name: "GET /openapi.yaml", public: true},
	{name: "GET /docs", public: true},
	{name: "GET /{file}", public: true},
	{name: "GET /api/me"},
	{name: "GET /api/contents/{path}"},
	{name: "PUT /api/collaboration/session/{path}", body: `{"format": "json", "type": "notebook"}`},
	{name: "GET /api/collaboration/room/{document}", socket: true},
	{name: "POST /api/kernels/{kernel}/execute", body: `{"document_id": "json:notebook:6f0b52b4-0f0e-4a0e-8f0e-3f1f6c2d9a11", "cell_id": "none"}`},
	{name: "GET /api/events/subscribe", socket: true},
}

func TestRoutes_TheTableHoldsThemAll(t *testing.T) {
	var listed, declared []string
	for _, r := range everyRoute {
		listed = append(listed, r.name)
		if o := r.op(); o != nil && r.public != (o.op.Security != nil) {
			t.Errorf("%s: public %v here, security %v in the contract", r.name, r.public, o.op.Security)
		}
	}
	for _, o := range spec.ops {
		declared = append(declared, o.name())
	}
	sort.Strings(listed)
	sort.Strings(declared)
	if !slices.Equal(listed, declared) {
		t.Errorf("not in the table: %v; not in the contract: %v", minus(declared, listed), minus(listed, declared))
	}
}

func (r route) op() *contractOp {
	for _, o := range spec.ops {
		if o.name() == r.name {
			return o
		}
	}
	return nil
}

func (r route) method() string { return strings.Split(r.name, " ")[0] }

// target fills in the path's parameters: those given, and for the others
// something that does not exist.
func (r route) target(given ...string) string {
	path := strings.Split(r.name, " ")[1]
	fill := append(given,
		"{room}", "6f0b52b4-0f0e-4a0e-8f0e-3f1f6c2d9a11", "{execution}", "6f0b52b4-0f0e-4a0e-8f0e-3f1f6c2d9a12",
		"{path}", "none.ipynb", "{cell}", "none", "{version}", "none", "{sha256}", strings.Repeat("0", 64),
		"{document}", "json:notebook:6f0b52b4-0f0e-4a0e-8f0e-3f1f6c2d9a11", "{file}", "", "{kernel}", "any")
	return strings.NewReplacer(fill...).Replace(path)
}

// ask sends the route's own request. headers are pairs; an empty value takes
// the header away.
func (e *env) ask(r route, target string, headers ...string) int {
	e.Helper()
	var body any
	if r.body != "" {
		body = r.body
	}
	req := e.request(r.method(), target, body, headers...)
	if r.socket {
		for k, v := range upgradeHeaders {
			req.Header.Set(k, v)
		}
	}
	resp, err := e.client.Do(req)
	e.ok(err)
	defer resp.Body.Close()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") && resp.StatusCode != 101 {
		_, err = io.Copy(io.Discard, resp.Body)
		e.ok(err)
	}
	return resp.StatusCode
}

var upgradeHeaders = map[string]string{
	"Connection": "keep-alive, Upgrade", "Upgrade": "websocket",
	"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

// Every route and every upgrade, asked by those who may not.
func TestRoutes_WhoMayNotPassDoesNot(t *testing.T) {
	t.Parallel() // beside what waits
	e := newEnv(t)
	host := strings.TrimPrefix(e.server.URL, "http://")
	cookie := e.cookie()
	for _, r := range everyRoute {
		target := r.target()
		if r.name == "GET /{file}" {
			target = "/assets/x.js" // the home page of a hub without a client asks for the token
		}
		withQuery := target + "?token=wrong"
		closed := http.StatusUnauthorized
		cases := []struct {
			who     string
			target  string
			want    int
			headers []string
		}{
			{"nobody", target, closed, []string{"Authorization", ""}},
			{"a wrong token", target, closed, []string{"Authorization", "Bearer wrong"}},
			{"a wrong token, Jupyter's way", target, closed, []string{"Authorization", "token wrong"}},
			{"an empty token", target, closed, []string{"Authorization", "Bearer "}},
			{"a token that begins well", target, closed, []string{"Authorization", "Bearer " + testToken[:5]}},
			{"a wrong token beside the cookie", target, closed, []string{"Authorization", "Bearer wrong", "Cookie", cookie}},
			{"a wrong cookie", target, closed, []string{"Authorization", "", "Cookie", "notebook-hub-" + portOf(host) + "=" + testToken}},
			{"another scheme", target, closed, []string{"Authorization", "Basic " + testToken}},
			{"a wrong token in the query", withQuery, closed, []string{"Authorization", ""}},
		}
		if r.public {
			cases = nil // it holds nothing of the user's
		}
		for _, origin := range []string{"http://evil.example", "http://localhost:1", "null", "https://" + host + ".evil.example", "http://user@" + host, "http://" + host + "/x", "file://"} {
			cases = append(cases, []struct {
				who     string
				target  string
				want    int
				headers []string
			}{
				{"a cookie from " + origin, target, 403, []string{"Authorization", "", "Cookie", cookie, "Origin", origin}},
				{"a token from " + origin, target, 403, []string{"Origin", origin}},
			}...)
		}
		for _, c := range cases {
			if got := e.ask(r, c.target, c.headers...); got != c.want {
				t.Errorf("%s with %s: %d, want %d", r.name, c.who, got, c.want)
			}
		}
		if got := e.ask(r, target, "Host", "evil.example"); got != http.StatusForbidden {
			t.Errorf("%s of a foreign Host: %d, want 403", r.name, got)
		}
		if got := e.ask(r, target); got == 401 || got == 403 {
			t.Errorf("%s with the token: %d", r.name, got)
		}
		e.askWithCookie(r, target, cookie)
	}
}

// askWithCookie asks as a page of ours does, and as something that only looks
// like it.
func (e *env) askWithCookie(r route, target, cookie string) {
	e.Helper()
	if got := e.ask(r, target, "Authorization", "", "Cookie", cookie, "Origin", e.server.URL); got == 401 || got == 403 {
		e.Errorf("%s with the cookie from our own page: %d", r.name, got)
	}
	if r.public {
		return
	}
	if got := e.ask(r, target, "Authorization", "", "Cookie", cookie, "Sec-Fetch-Site", "same-site"); got != 403 {
		e.Errorf("%s with the cookie from another port of this host: %d, want 403", r.name, got)
	}
	if reads := r.method() == "GET" && !r.socket; !reads {
		if got := e.ask(r, target, "Authorization", "", "Cookie", cookie); got != 403 {
			e.Errorf("%s with the cookie and no Origin: %d, want 403", r.name, got)
		}
	}
}

func portOf(host string) string { return host[strings.LastIndex(host, ":")+1:] }

// cookie opens a page with the token and returns the cookie.
func (e *env) cookie() string {
	e.Helper()
	r := e.do("GET", "/?token="+testToken, nil, "Authorization", "").want(http.StatusSeeOther)
	pair, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
	if pair == "" {
		e.Fatal("no cookie")
	}
	return pair
}

// Every route about a room, asked about rooms that cannot be had.
func TestRoutes_RoomsThatCannotBeHad(t *testing.T) {
	t.Parallel() // beside what waits
	e := newEnv(t)
	for _, name := range []string{"closed", "deleted"} {
		e.file(name+".ipynb", twoCells)
	}
	closed, deleted := e.open("closed.ipynb"), e.open("deleted.ipynb")
	kept := map[string]string{}
	for _, room := range []Room{closed, deleted} {
		kept[room.ID.String()] = into[Version](e.do("POST", roomPath(room.ID, "/versions"), nil).want(201)).ID
	}
	e.do("DELETE", roomPath(closed.ID, ""), nil).want(200)
	e.do("DELETE", "/api/v1/notebooks/deleted.ipynb", nil).want(200)
	for _, r := range everyRoute {
		if !strings.Contains(r.name, "{room}") {
			continue
		}
		for what, c := range map[string]struct {
			room string
			want int
		}{
			"never given out": {uuid.NewString(), 404}, "no id": {"x", 404}, "nil id": {uuid.Nil.String(), 404},
			"a braced id": {"{" + closed.ID.String() + "}", 404}, "an urn": {"urn:uuid:" + closed.ID.String(), 404},
			"closed": {closed.ID.String(), 409}, "deleted": {deleted.ID.String(), 410},
		} {
			if r.op().op.Responses.Value(fmt.Sprint(c.want)) == nil {
				continue
			}
			if got := e.ask(r, r.target("{room}", c.room, "{cell}", "first", "{version}", or(kept[c.room], "none"))); got != c.want {
				t.Errorf("%s of a room that is %s: %d, want %d", r.name, what, got, c.want)
			}
		}
	}
}

func TestRoutes_UnknownAddressesAndMethods(t *testing.T) {
	e := newEnv(t)
	for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/rooms", "/ws", "/ws/", "/api/v1/rooms/", "/api/v1/rooms/x/y/z", "/api/kernels"} {
		e.do("GET", path, nil).wantCode(404, codeNoRoute)
		e.do("POST", path, `{}`).wantCode(404, codeNoRoute)
	}
	for path, allow := range map[string]string{
		"/api/v1/rooms":                      "GET, HEAD, POST",
		"/api/v1/me":                         "GET, HEAD",
		roomPath(uuid.New(), "/save"):        "POST",
		roomPath(uuid.New(), "/cells/a%2Fb"): "DELETE, GET, HEAD, PATCH",
		"/api/v1/notebooks/a/b.ipynb":        "DELETE, GET, HEAD, PUT",
	} {
		r := e.do("OPTIONS", path, nil)
		r.wantCode(405, codeMethod)
		if got := r.header.Get("Allow"); got != allow {
			t.Errorf("%s allows %q, want %q", path, got, allow)
		}
	}
	e.do("GET", roomPath(uuid.New(), "/save"), nil).wantCode(405, codeMethod)
}

// HEAD answers what GET would, without the body.
func TestRoutes_HeadIsWhereGetIs(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	for _, r := range everyRoute {
		if r.method() != "GET" || r.socket {
			continue
		}
		target := r.target("{room}", room.ID.String(), "{path}", "a.ipynb", "{cell}", "first")
		resp, err := e.client.Do(e.request("HEAD", target, nil))
		e.ok(err)
		body, err := io.ReadAll(resp.Body)
		e.ok(err)
		if want := e.ask(r, target); resp.StatusCode != want || len(body) > 0 {
			t.Errorf("HEAD %s: %d with %d bytes, GET %d", target, resp.StatusCode, len(body), want)
		}
	}
}

// Errors tell nothing of the machine, and name the request in the log.
func TestProblem_TellsWhatIsNeededAndNoMore(t *testing.T) {
	e := newEnv(t)
	r := e.do("GET", "/api/v1/notebooks/none.ipynb", nil, "X-Request-Id", "mine-1")
	p := r.wantCode(404, hub.CodeNotFound)
	if p.Request == nil || *p.Request != "mine-1" || r.header.Get("X-Request-Id") != "mine-1" || p.Title != "Not Found" || p.Status != 404 {
		t.Errorf("problem %+v", p)
	}
	if strings.Contains(string(r.body), e.root) {
		t.Errorf("the answer names the folder: %s", r.body)
	}
	if p.Message != nil {
		t.Error("message on a route of our own")
	}
	if p := e.do("GET", "/api/contents/none.ipynb", nil).wantCode(404, hub.CodeNotFound); p.Message == nil || *p.Message != p.Detail {
		t.Error("no message on Jupyter's route")
	}
	r = e.do("GET", "/api/v1/rooms", nil, "X-Request-Id", "forged\tline")
	if id := r.header.Get("X-Request-Id"); strings.Contains(id, "forged") || id == "" {
		t.Errorf("request id %q", id)
	}
}
