package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A path may stand as the shell completes it.
func TestCommands_PathsAsInAShell(t *testing.T) {
	s := newSite(t)
	s.write("sub/b.ipynb", plain)
	s.serve()
	id := s.hub("open", "sub/b.ipynb").want(t, `.*\n`)
	a := s.hub("open", filepath.Join(s.root, "a.ipynb")).want(t, `.*\n`)
	t.Chdir(filepath.Join(s.root, "sub"))
	s.write("sub/a.ipynb", plain)
	s.hub("open", "b.ipynb").want(t, id+"\n")
	s.hub("open", "../sub/b.ipynb").want(t, id+"\n")
	s.hub("open", "a.ipynb").want(t, a+"\n") // the hub's own names win
	s.hub("save", "./b.ipynb").want(t, hash+`  sub/b\.ipynb\n`)
	t.Chdir(filepath.Dir(s.root))
	s.hub("ls", "root/sub").want(t, `sub/a\.ipynb.*sub/b\.ipynb.*`)
	s.hub("versions", "root/sub/b.ipynb").want(t, "")
	s.hub("save", id, "--as", filepath.Join(s.root, "new.ipynb")).want(t, hash+`  new\.ipynb\n`)
	s.hub("open", s.state+"/a.ipynb").fails(t, 1, "(notebook_not_found)")
}

// What a variable that is not set leaves of a command does nothing.
func TestCommands_EmptyArgumentsAreRefused(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	for _, args := range [][]string{
		{"open", ""}, {"save", ""}, {"close", ""}, {"exec", "", "code"}, {"run", ""}, {"versions", ""}, {"restore", "", "x"}, {"restore", "a.ipynb", ""}, {"diff", ""},
	} {
		s.hub(args...).fails(t, 2, "empty", "hub "+args[0]+" --help")
	}
	if n := len(h.rooms()); n != 0 {
		t.Errorf("%d rooms were opened", n)
	}
}

func TestCommands_WhatWentWrongIsSaidInWords(t *testing.T) {
	s := newSite(t)
	s.write("sub/b.ipynb", plain)
	s.serve()
	id := s.hub("open", "a.ipynb").want(t, `.*\n`)
	s.hub("save", id, "--as", "sub/b.ipynb").fails(t, 1, "--overwrite", "sub/b.ipynb", "(file_exists)")
	s.hub("ls", "nosuch").fails(t, 1, "no folder nosuch", "(notebook_not_found)")
	s.hub("run", s.root).fails(t, 1, "is a folder")
	s.hub("rooms", "--url", "ftp://x/").fails(t, 1, "is not like")
	s.hub("rooms", "--url", "127.0.0.1:80").fails(t, 1, "is not like")
	away := s.hub("rooms", "--url", "http://127.0.0.1:1/?token=secret")
	away.fails(t, 1, "ask the hub at http://127.0.0.1:1/:", "refused")
	if strings.Contains(away.err, "secret") || strings.Contains(away.err, "api/v1") {
		t.Errorf("said %q", away.err)
	}
	both := s.hub("diff", "x.ipynb", "y.ipynb")
	both.fails(t, 2, "hub: read notebook: there is no file x.ipynb", "hub: read notebook: there is no file y.ipynb")
}

// A file that was deleted outside is written again when somebody says so.
func TestCommands_ADeletedFileAndWhatCanBeDone(t *testing.T) {
	s := newSite(t)
	s.serve()
	s.hub("open", "a.ipynb").want(t, `.*\n`)
	version := s.hub("versions", "a.ipynb", "--keep").want(t, `.*\n`)[:36]
	if err := os.Remove(filepath.Join(s.root, "a.ipynb")); err != nil {
		t.Fatal(err)
	}
	s.hub("save", "a.ipynb").fails(t, 1, "was deleted", "--recreate", "--as PATH", "(file_missing)")
	s.hub("restore", "a.ipynb", version).fails(t, 1, "restored in the room", "(file_missing)")
	s.hub("save", "a.ipynb", "--recreate").want(t, hash+"  a.ipynb\n")
}
