package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sources lists what the build depends on, as build/finish.mjs does.
func sources(t *testing.T) []string {
	t.Helper()
	paths := []string{"package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html", ".npmrc"}
	for _, folder := range []string{"src", "public", "build"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				paths = append(paths, filepath.ToSlash(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(paths)
	return paths
}

func TestBuild_IsMadeFromTheseSources(t *testing.T) {
	sum := sha256.New()
	for _, path := range sources(t) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00", path, len(content))
		sum.Write(content)
	}
	stored, err := fs.ReadFile(Files(), "source.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(stored)), hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("web/dist was built from other sources (%s, now %s): run npm ci && npm run build in web/", got, want)
	}
}

func TestBuild_HasOneBaseThatTheServerReplaces(t *testing.T) {
	page, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(page, []byte(BaseTag)); n != 1 {
		t.Errorf("index.html holds %d times %s, want once", n, BaseTag)
	}
	if bytes.Contains(page, []byte(`src="/`)) || bytes.Contains(page, []byte(`href="/a`)) {
		t.Errorf("index.html asks for something by an absolute path:\n%s", page)
	}
}

func TestBuild_CompressedTwinsHoldTheSameBytes(t *testing.T) {
	twins, err := fs.Glob(Files(), "assets/*.gz")
	if err != nil || len(twins) == 0 {
		t.Fatalf("no compressed assets (%v)", err)
	}
	for _, twin := range twins {
		packed, err := Files().Open(twin)
		if err != nil {
			t.Fatal(err)
		}
		reader, err := gzip.NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fs.ReadFile(Files(), strings.TrimSuffix(twin, ".gz"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not its twin compressed", twin)
		}
	}
}

// The scripts that a notebook waits for before it is drawn.
func TestBuild_ScriptsBeforeFirstPaintStayUnderTheBudget(t *testing.T) {
	const budget = 250_000
	twins, err := fs.Glob(Files(), "assets/*.js.gz")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := fs.ReadFile(Files(), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	var follow func(name string)
	follow = func(name string) {
		if needed[name] {
			return
		}
		needed[name] = true
		script, err := fs.ReadFile(Files(), "assets/"+name)
		if err != nil {
			t.Fatal(err)
		}
		for _, twin := range twins {
			other := strings.TrimSuffix(filepath.Base(twin), ".gz")
			if bytes.Contains(script, []byte(`from"./`+other)) || bytes.Contains(script, []byte(`import"./`+other)) {
				follow(other)
			}
		}
	}
	for _, twin := range twins {
		name := strings.TrimSuffix(filepath.Base(twin), ".gz")
		if bytes.Contains(entry, []byte(name)) || strings.HasPrefix(name, "page-") {
			follow(name)
		}
	}
	total := int64(0)
	for name := range needed {
		info, err := fs.Stat(Files(), "assets/"+name+".gz")
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	t.Logf("%d scripts, %d bytes compressed", len(needed), total)
	if len(needed) < 2 || total > budget {
		t.Errorf("%d scripts with %d bytes before first paint, want at most %d", len(needed), total, budget)
	}
}

func TestHash_NamesTheBuild(t *testing.T) {
	if first, second := Hash(), Hash(); len(first) != 64 || first != second {
		t.Errorf("hash %q", Hash())
	}
}

func TestLockFile_NamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) || bytes.Contains(lock, []byte("registry.")) {
		t.Error("package-lock.json says where packages were fetched from; .npmrc should keep that out")
	}
}
