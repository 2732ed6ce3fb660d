package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/notebookhub/hub/hub"
)

// readBody returns the bytes of a request's body, of at most limit bytes, which
// must arrive in good time.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	control := http.NewResponseController(w)
	wait := bodyWait + time.Duration(max(0, min(r.ContentLength, limit))/sendRate)*time.Second
	_ = control.SetReadDeadline(time.Now().Add(wait)) // an in-memory connection has none
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = control.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, edge(hub.CodeTooLarge, "the body has more than %d bytes", limit)
	case err != nil:
		return nil, &hub.Error{Code: hub.CodeInvalid, Detail: "the body did not arrive whole", Err: err}
	}
	return data, nil
}

// wantType refuses a body of another content type than those named, all of
// them JSON in UTF-8.
func wantType(r *http.Request, types ...string) error {
	given := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	charset := params["charset"]
	if err != nil || !slices.Contains(types, kind) || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return edge(codeMediaType, "the body must be %s, not %q", strings.Join(types, " or "), given)
	}
	return nil
}

// decode reads a JSON body into a T: a struct of openapi.yaml. Nothing unknown,
// missing, null or of a wrong type passes. An empty body is an empty object.
func decode[T any](w http.ResponseWriter, r *http.Request, limit int64) (T, error) {
	var into T
	if r.ContentLength != 0 {
		if err := wantType(r, "application/json"); err != nil {
			return into, err
		}
	}
	data, err := readBody(w, r, limit)
	if err != nil {
		return into, err
	}
	if len(data) == 0 {
		data = []byte("{}")
	}
	return into, strict(data, &into)
}

// nothing reads the body of a request that takes none, or an empty object: who
// sends more wants something that will not happen.
func nothing(w http.ResponseWriter, r *http.Request) error {
	_, err := decode[struct{}](w, r, maxBody)
	return err
}

// strict decodes a JSON object into the struct that into points to. Unlike
// encoding/json it takes names literally and knows what is required: every
// field without omitempty.
func strict(data []byte, into any) error {
	if !json.Valid(data) || !utf8.Valid(data) {
		return edge(codeBadJSON, "the body is no JSON")
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(data, &given) != nil || given == nil {
		return edge(hub.CodeInvalid, "the body must be a JSON object")
	}
	target := reflect.ValueOf(into).Elem()
	for i := range target.NumField() {
		name, options, _ := strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
		value, ok := given[name]
		delete(given, name)
		switch {
		case ok:
			if err := strictField(name, value, target.Field(i)); err != nil {
				return err
			}
		case options != "omitempty":
			return badField(name, "is missing")
		}
	}
	unknown := make([]string, 0, len(given))
	for name := range given {
		unknown = append(unknown, name)
	}
	if slices.Sort(unknown); len(unknown) > 0 {
		return badField(unknown[0], "is not a field of this request")
	}
	return nil
}

func strictField(name string, value json.RawMessage, into reflect.Value) error {
	wanted := into.Type()
	if wanted.Kind() == reflect.Pointer {
		wanted = wanted.Elem()
	}
	if string(value) == "null" {
		return badField(name, "must be %s, not null", kindOf(wanted))
	}
	if err := json.Unmarshal(value, into.Addr().Interface()); err != nil {
		return badField(name, "must be %s", kindOf(wanted))
	}
	if into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	if choice, ok := into.Interface().(interface{ Valid() bool }); ok && !choice.Valid() {
		return badField(name, "may not be %q", into.String())
	}
	return nil
}

// kindOf names what a field holds, for a person.
func kindOf(t reflect.Type) string {
	switch {
	case t.Name() == "UUID":
		return "a UUID"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return "an integer"
	case t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "base64"
	case t.Kind() == reflect.Slice:
		return "a list of strings"
	}
	return "something else"
}

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// optional returns a pointer to v, or nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// encode returns v as JSON. Only values of our own and what the hub has decoded
// come here, and those can be encoded.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // becomes a 500 and a line in the log
	}
	return append(data, '\n')
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	writeBody(w, r, status, "application/json", encode(v))
	return nil
}

// writeBody answers with bytes, which the client must take in good time.
func writeBody(w http.ResponseWriter, r *http.Request, status int, kind string, data []byte) {
	allowTime(w, int64(len(data)))
	w.Header().Set("Content-Type", kind)
	setLength(w, len(data))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the client may be gone; nobody is left to tell
	}
}

// allowTime gives the client as long as it reasonably needs to take so many
// bytes.
func allowTime(w http.ResponseWriter, size int64) {
	wait := sendWait + time.Duration(size/sendRate)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(wait))
}
