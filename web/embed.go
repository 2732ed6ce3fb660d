// Package web holds the browser client as it was built: the pages, their
// scripts and styles, and the headers that they are safe with. It imports
// nothing of the hub.
package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// BaseTag is what index.html holds once. The server puts its own address in
// place of it, with a trailing slash: everything that the client asks for is
// relative to it.
const BaseTag = `<base href="/">`

// PageCSP is the Content-Security-Policy of the client's pages. Scripts come
// from the build alone; nothing is fetched from anywhere else.
const PageCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; frame-src 'self'; media-src 'self' data: blob:; worker-src 'self' blob:; " +
	"manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// SandboxCSP is that of sandbox.html, in which outputs run their scripts. It
// has an origin of its own, may not connect to anything, and loads scripts
// from the networks that plotting libraries are published on.
const SandboxCSP = "sandbox allow-scripts; default-src 'none'; " +
	"script-src 'unsafe-inline' 'unsafe-eval' blob: " + libraries + "; style-src 'unsafe-inline' " + libraries + "; " +
	"img-src data: blob:; font-src data: " + libraries + "; connect-src 'none'; form-action 'none'; frame-ancestors 'self'"

const libraries = "https://cdn.plot.ly https://cdn.bokeh.org https://cdn.jsdelivr.net https://cdnjs.cloudflare.com https://unpkg.com"

// Files returns the build: index.html, sandbox.html, favicon.svg and assets/,
// whose names carry a hash of their content. Beside a large asset lies the
// same one compressed, with ".gz" appended.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(fmt.Sprintf("web: open the embedded build: %v", err)) // the name is a constant
	}
	return files
}

// Hash returns the SHA-256 of the whole build in hex, for ETags. It is safe
// for concurrent use.
func Hash() string { return hash() }

// hash reads the build once; what it holds never changes.
var hash = sync.OnceValue(func() string {
	sum := sha256.New()
	err := fs.WalkDir(Files(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(Files(), path)
		fmt.Fprintf(sum, "%s\x00%d\x00", path, len(content))
		sum.Write(content)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("web: read the embedded build: %v", err)) // it is part of the binary
	}
	return hex.EncodeToString(sum.Sum(nil))
})
