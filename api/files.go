package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/notebookhub/hub/hub"
)

// fileCSP goes with every file of the user's: opened by itself, an SVG draws
// and cannot act, and nothing is fetched.
const fileCSP = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'none'"

// sniffed is how many first bytes tell what a file is.
const sniffed = 512

// typeFile is what is only handed over, never shown.
const typeFile = "application/octet-stream"

// getFile serves a file that lies beside notebooks. What the browser shows by
// itself is what the first bytes say, if that is a kind that cannot act; the
// rest is handed over as a file.
func (s *server) getFile(w http.ResponseWriter, r *http.Request) error {
	p, err := pathOf(r)
	if err != nil {
		return edge(hub.CodeNotFound, "there is no file %q", param(r, "*"))
	}
	download, err := boolean(r, "download", false)
	if err != nil {
		return err
	}
	file, err := s.hub.OpenFile(r.Context(), p)
	if err != nil {
		return err
	}
	defer file.Close()
	kind, err := contentType(file, path.Ext(p))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("ETag", fileTag(file.FileStat))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Security-Policy", fileCSP)
	if download || kind == typeFile {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(p)}))
	}
	allowTime(w, file.Size)
	serveContent(w, r, file.Modified, file)
	return nil
}

// fileTag changes whenever a file is written or replaced.
func fileTag(stat hub.FileStat) string {
	sum := sha256.Sum256(fmt.Append(nil, stat.ID, stat.Size, stat.Modified.UnixNano()))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// contentType reads what a file is from its beginning, and leaves it there.
func contentType(file io.ReadSeeker, extension string) (string, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", &hub.Error{Code: hub.CodeStorage, Detail: "the file cannot be read", Err: err}
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return "", &hub.Error{Code: hub.CodeStorage, Detail: "the file cannot be read", Err: err}
	}
	return shownAs(head[:n], strings.ToLower(extension)), nil
}

// shownAs names the type that a file is served with. Pictures, sound, films and
// plain text may be shown; HTML is text, whatever it is called.
func shownAs(head []byte, extension string) string {
	kind := http.DetectContentType(head)
	switch family, _, _ := strings.Cut(kind, "/"); {
	case isAVIF(head):
		return "image/avif"
	case family == "image" || family == "audio" || family == "video" || kind == "application/ogg":
		return kind
	case family != "text" || bytes.IndexByte(head, 0) >= 0 || !isUTF8(head):
		return typeFile
	case extension == ".svg":
		return "image/svg+xml"
	}
	return "text/plain; charset=utf-8"
}

// isAVIF knows the box that AVIF files begin with, which Go's table lacks.
func isAVIF(head []byte) bool {
	return len(head) >= 12 && string(head[4:8]) == "ftyp" && (string(head[8:12]) == "avif" || string(head[8:12]) == "avis")
}

// isUTF8 tells text whose last character may have been cut.
func isUTF8(head []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}
