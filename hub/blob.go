package hub

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sort"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

const (
	blobKey      = "hub_blob"
	blobFrom     = 1 << 20  // bytes of one payload that the document holds at most
	outputBudget = 16 << 20 // bytes of all outputs in a document: Python clients take no more in a message
	blobLeast    = 64 << 10 // below this a payload is never worth a blob
)

// blobs keeps large outputs out of documents. A payload in the store leaves a
// valid output behind, with a reference under its own key, which every Jupyter
// client shows and keeps; the file and exports have the payload itself.
type blobs struct {
	store *store.Store
	log   *slog.Logger
}

// reference stands in the document for one payload, by its MIME type.
type reference struct {
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Base64  bool   `json:"base64,omitempty"`  // the payload is base64 of the blob
	Newline bool   `json:"newline,omitempty"` // with a line feed behind it
	JSON    bool   `json:"json,omitempty"`    // the payload is a JSON value
	Stub    bool   `json:"stub,omitempty"`    // nothing was there: we put it to be shown
}

// deflate returns nb with its large payloads in the store. What is not large is
// shared with nb.
func (b blobs) deflate(nb *notebook.Notebook) (*notebook.Notebook, error) {
	limit := payloadLimit(nb)
	out := nb
	for i, c := range nb.Cells {
		for j, o := range c.Outputs {
			small, err := b.spill(o, limit)
			if err != nil {
				return nil, err
			}
			if small != nil {
				out = ownCell(out, nb, i)
				out.Cells[i].Outputs[j] = small
			}
		}
	}
	return out, nil
}

// ownCell makes out a copy of nb whose cell i may be changed.
func ownCell(out, nb *notebook.Notebook, i int) *notebook.Notebook {
	if out == nb {
		copied := *nb
		copied.Cells = append([]notebook.Cell(nil), nb.Cells...)
		out = &copied
	}
	if outs := out.Cells[i].Outputs; len(outs) > 0 && &outs[0] == &nb.Cells[i].Outputs[0] {
		out.Cells[i].Outputs = append([]notebook.Output(nil), outs...)
	}
	return out
}

// payloadLimit is the greatest payload that may stay, so that the rest fits the
// budget: the largest ones go first.
func payloadLimit(nb *notebook.Notebook) int {
	var sizes []int
	total := 0
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			data, _ := o["data"].(map[string]any)
			for _, v := range data {
				n := payloadSize(v)
				if total += n; n >= blobLeast {
					sizes = append(sizes, n)
				}
			}
		}
	}
	sort.Sort(sort.Reverse(sort.IntSlice(sizes)))
	limit := blobFrom
	for _, n := range sizes {
		if n < blobFrom && total <= outputBudget {
			break
		}
		total -= n
		limit = min(limit, n)
	}
	return limit
}

func payloadSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []any:
		n := 0
		for _, line := range v {
			n += payloadSize(line)
		}
		return n
	case map[string]any:
		n := 0
		for k, e := range v {
			n += len(k) + payloadSize(e)
		}
		return n
	}
	return 8
}

// spill returns an output whose payloads of limit bytes and more are in the
// store, nil when it has none.
func (b blobs) spill(o notebook.Output, limit int) (notebook.Output, error) {
	data, _ := o["data"].(map[string]any)
	var small notebook.Output
	for mime, v := range data {
		if payloadSize(v) < limit {
			continue
		}
		ref, err := b.put(mime, v)
		if err != nil {
			return nil, err
		}
		if small == nil {
			small = stubOf(o, data)
		}
		delete(small["data"].(map[string]any), mime)
		small[blobKey].(map[string]any)[mime] = ref.plain()
	}
	if small != nil {
		showStub(small)
	}
	return small, nil
}

// orBeside is an output as the document takes it: with its payloads of limit bytes
// and more in the store.
func (b blobs) orBeside(o notebook.Output, limit int) (notebook.Output, error) {
	small, err := b.spill(o, limit)
	if small == nil {
		small = o
	}
	return small, err
}

// stubOf copies an output two levels deep.
func stubOf(o notebook.Output, data map[string]any) notebook.Output {
	small := make(notebook.Output, len(o)+1)
	for k, v := range o {
		small[k] = v
	}
	rest := make(map[string]any, len(data))
	for k, v := range data {
		rest[k] = v
	}
	small["data"], small[blobKey] = rest, map[string]any{}
	return small
}

// showStub gives clients that know no blobs something to show.
func showStub(small notebook.Output) {
	data, refs := small["data"].(map[string]any), small[blobKey].(map[string]any)
	if _, ok := data["text/plain"]; ok {
		return
	}
	var parts []string
	for mime, v := range refs {
		size, _ := v.(map[string]any)["size"].(float64)
		parts = append(parts, fmt.Sprintf("%s, %.1f MiB", mime, size/(1<<20)))
	}
	sort.Strings(parts)
	data["text/plain"] = "[large output kept beside the document: " + strings.Join(parts, "; ") + "]"
	ref, _ := refs["text/plain"].(map[string]any)
	if ref == nil {
		ref = map[string]any{}
		refs["text/plain"] = ref
	}
	ref["stub"] = true
}

// put stores a payload. Base64 is stored decoded, so that it can be served as
// what it is.
func (b blobs) put(mime string, v any) (reference, error) {
	ref := reference{}
	content, isText := joined(v)
	switch {
	case !isText:
		data, err := json.Marshal(v)
		if err != nil {
			return ref, fmt.Errorf("encode %s: %w", mime, err)
		}
		ref.JSON, content = true, string(data)
	case !strings.HasPrefix(mime, "text/"):
		trimmed := strings.TrimSuffix(content, "\n")
		raw, err := base64.StdEncoding.DecodeString(trimmed)
		if err == nil && base64.StdEncoding.EncodeToString(raw) == trimmed {
			ref.Base64, ref.Newline, content = true, trimmed != content, string(raw)
		}
	}
	sum, size, err := b.store.PutBlob(strings.NewReader(content))
	if err != nil {
		return ref, storeError(err)
	}
	ref.SHA256, ref.Size = sum, size
	return ref, nil
}

// joined is text as one string: MIME bundles may hold it as a list of lines.
func joined(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []any:
		var all strings.Builder
		for _, line := range v {
			s, ok := line.(string)
			if !ok {
				return "", false
			}
			all.WriteString(s)
		}
		return all.String(), true
	}
	return "", false
}

// plain is the reference as a value of the document.
func (r reference) plain() map[string]any {
	value := map[string]any{"sha256": r.SHA256, "size": float64(r.Size)}
	for key, set := range map[string]bool{"base64": r.Base64, "newline": r.Newline, "json": r.JSON, "stub": r.Stub} {
		if set {
			value[key] = true
		}
	}
	return value
}

// inflate returns nb with the payloads of its references. What has none is
// shared with nb.
func (b blobs) inflate(nb *notebook.Notebook) (*notebook.Notebook, error) {
	out := nb
	for i, c := range nb.Cells {
		for j, o := range c.Outputs {
			if _, ok := o[blobKey]; !ok {
				continue
			}
			whole, err := b.restore(o)
			if err != nil {
				return nil, err
			}
			out = ownCell(out, nb, i)
			out.Cells[i].Outputs[j] = whole
		}
	}
	return out, nil
}

// restore puts payloads back. A blob that is gone leaves its stub: nothing may
// block the saving of the rest.
func (b blobs) restore(o notebook.Output) (notebook.Output, error) {
	data, _ := o["data"].(map[string]any)
	whole := stubOf(o, data)
	delete(whole, blobKey)
	refs, _ := o[blobKey].(map[string]any)
	all := whole["data"].(map[string]any)
	for mime, v := range refs {
		var ref reference
		encoded, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(encoded, &ref)
		}
		if err != nil || (ref.SHA256 == "" && !ref.Stub) {
			continue // not of our making
		}
		if ref.SHA256 == "" {
			delete(all, mime)
			continue
		}
		payload, err := b.get(ref)
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrDamaged):
			b.log.Error("large output lost; its stub stays", "sha256", ref.SHA256, "error", err)
		case err != nil:
			return nil, storeError(err)
		default:
			all[mime] = payload
		}
	}
	return whole, nil
}

func (b blobs) get(ref reference) (any, error) {
	file, err := b.store.OpenBlob(ref.SHA256)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	switch {
	case ref.JSON:
		var v any
		if err := json.Unmarshal(content, &v); err != nil { // clients write references too
			return nil, fmt.Errorf("decode output: %w: %v", store.ErrDamaged, err)
		}
		return v, nil
	case ref.Base64:
		text := base64.StdEncoding.EncodeToString(content)
		if ref.Newline {
			text += "\n"
		}
		return text, nil
	}
	return string(content), nil
}

// Blob opens a large output by its SHA-256 in hex, and tells its MIME type as
// the bytes show it. The caller closes it.
func (h *Hub) Blob(_ context.Context, sha256 string) (content io.ReadSeekCloser, mime string, err error) {
	file, err := h.store.OpenBlob(sha256)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, "", fail(CodeNotFound, nil, "there is no output %q", sha256)
	case err != nil:
		return nil, "", storeError(err)
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, "", errors.Join(storeError(err), file.Close())
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, "", errors.Join(storeError(err), file.Close())
	}
	return file, blobType(head[:n]), nil
}

func blobType(head []byte) string {
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<svg")) {
		return "image/svg+xml"
	}
	return http.DetectContentType(head)
}
