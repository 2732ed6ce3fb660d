package api

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"

	"github.com/notebookhub/hub/hub"
)

// The plain page of a hub without a browser client: what there is, and how to
// get at it.
const homePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Notebook Hub</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
code, td.id { font-family: ui-monospace, monospace; font-size: .9em }
</style>
<h1>Notebook Hub</h1>
{{if .Ask}}
<p>This hub asks for its token. It was printed when the hub started, as part of the address.</p>
<form method="get"><label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label> <button>Open</button></form>
{{else}}
<h2>Notebooks</h2>
{{if .Notebooks}}<table><tr><th>path<th>bytes<th>room</tr>
{{range .Notebooks}}<tr><td><a href="{{$.Base}}/api/v1/notebooks/{{.Link}}?download=1">{{.Path}}</a><td>{{.Size}}<td class="id">{{.Room}}</tr>
{{end}}</table>{{else}}<p>There is no notebook here yet.</p>{{end}}
<h2>Rooms</h2>
{{if .Rooms}}<table><tr><th>room<th>notebook<th>state<th>peers</tr>
{{range .Rooms}}<tr><td class="id">{{.ID}}<td>{{or .Path "untitled"}}<td>{{.State}}<td>{{len .Peers}}</tr>
{{end}}</table>{{else}}<p>No notebook is open.</p>{{end}}
<p>Open one: <code>curl -X POST -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d '{"path": "..."}' {{.Base}}/api/v1/rooms</code>.
Everything else is in the <a href="{{.Base}}/docs">documentation of the API</a>.</p>
{{end}}
</html>
`

type homeEntry struct {
	Path, Link, Room string
	Size             int64
}

type home struct {
	Base      string
	Ask       bool
	Notebooks []homeEntry
	Rooms     []hub.RoomInfo
}

func (s *server) getHome(w http.ResponseWriter, r *http.Request) error {
	if !note(r).known {
		return s.writeHome(w, r, http.StatusUnauthorized, home{Base: s.base, Ask: true})
	}
	list, err := s.hub.List(r.Context(), "", true)
	if err != nil {
		return err
	}
	rooms, err := s.hub.Rooms(r.Context(), true)
	if err != nil {
		return err
	}
	page := home{Base: s.base, Rooms: rooms}
	for _, e := range list.Entries {
		if e.Dir {
			continue
		}
		line := homeEntry{Path: e.Path, Link: (&url.URL{Path: e.Path}).EscapedPath(), Size: e.Size}
		if e.Room != nil {
			line.Room = e.Room.ID.String()
		}
		page.Notebooks = append(page.Notebooks, line)
	}
	return s.writeHome(w, r, http.StatusOK, page)
}

func (s *server) writeHome(w http.ResponseWriter, r *http.Request, status int, page home) error {
	var out bytes.Buffer
	if err := template.Must(template.New("home").Parse(homePage)).Execute(&out, page); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.Header().Set("Cache-Control", "no-store")
	writeBody(w, r, status, "text/html; charset=utf-8", out.Bytes())
	return nil
}
