package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong with a setting is said at once, with its name, its value and
// what is allowed, wherever it stands.
func TestSettings_WrongOnesAreRefusedWhereverTheyStand(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(s.state, "..", "wrong.yaml")
	for _, c := range []struct{ name, value, allowed string }{
		{"port", "99999", "1 to 65535"}, {"port", "-1", "1 to 65535"}, {"port", "abc", "0 for any"}, {"port", "1.5", "1 to 65535"}, {"port", "", "1 to 65535"},
		{"room-idle", "-1s", "above zero"}, {"room-idle", "0s", "above zero"}, {"room-idle", "5", "30s"},
		{"save-quiet", "0s", "above zero"}, {"save-max", "-1s", "above zero"}, {"kernel-start", "0", "above zero"}, {"stop-timeout", "-20s", "above zero"},
		{"kernel-idle", "0s", "for never"}, {"kernel-idle", "soon", "2h"},
		{"max-notebook", "0", "64MiB"}, {"log-level", "loud", "debug, info, warn or error"}, {"log-format", "xml", `"text","json"`},
		{"kernel-transport", "pigeon", `"auto","ipc","tcp"`},
		{"ip", "", "0.0.0.0"}, {"ip", "[::1", "::1"}, {"ip", "127.0.0.1:80", "127.0.0.1"},
		{"base-url", "http://x/", "/hub/"}, {"base-url", "/a/../b", "/hub/"}, {"base-url", "/a b", "/hub/"}, {"base-url", "/a?b", "/hub/"},
		{"allow-host", "https://hub.example.org", "hub.example.org"}, {"allow-host", "a.example:99999", "hub.example.org"}, {"allow-host", "*", "hub.example.org"},
	} {
		s.hub("serve", "--root-dir", "absent", "--"+c.name+"="+c.value).fails(t, 2, "--"+c.name, c.value, c.allowed, "hub serve --help")

		variable := "HUB_" + strings.ToUpper(strings.ReplaceAll(c.name, "-", "_"))
		t.Setenv(variable, c.value)
		s.hub("serve", "--root-dir", "absent").fails(t, 2, "--"+c.name, c.value, c.allowed)
		os.Unsetenv(variable)

		if err := os.WriteFile(file, []byte(c.name+": "+`"`+c.value+`"`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.hub("serve", "--root-dir", "absent", "--config", file).fails(t, 2, "--"+c.name, c.value, c.allowed)
	}
	s.hub("exec", "--timeout=-1s", "a.ipynb", "code").fails(t, 2, "--timeout", "-1s", "above zero")
	s.hub("run", "--timeout=0s", "a.ipynb").fails(t, 2, "--timeout", "0s", "above zero")
	s.hub("serve", "--root-dir", "").fails(t, 1, "--root-dir", "is empty")
}

// A secret is not shown, not even a wrong one.
func TestSettings_ATokenThatNoHeaderCarries(t *testing.T) {
	s := newSite(t)
	for _, token := range []string{"two words", "line\nend", "gehört", "nul\x00"} {
		said := s.hub("serve", "--root-dir", s.root, "--token", token)
		said.fails(t, 1, "--token", "ASCII")
		if strings.Contains(said.err, token) {
			t.Errorf("showed it: %s", said.err)
		}
	}
}

func TestSettings_TheFileIsReadToTheLetter(t *testing.T) {
	s := newSite(t)
	s.settings("token: 012345\nport: 0\nallow-host: a.example\nmax-notebook: 1000000\nno-auth: no\nkernel-idle: -1s\n")
	if h := s.serve(); !strings.HasSuffix(h.url, "?token=012345") {
		t.Errorf("serves at %s", h.url)
	}
	for text, words := range map[string][]string{
		"port:\n":            {"--port", "no value", "config.yaml"},
		"port: 70000\n":      {"--port", "70000", "config.yaml"},
		"room-idle: [1s]\n":  {"--room-idle", "one value"},
		"allow-host: {a: b}": {"--allow-host", "list"},
		"help: true\n":       {`"help"`, "names of flags"},
		"- port\n":           {"port: 8889", "config.yaml"},
		"no-auth: perhaps\n": {"--no-auth", "perhaps", "true"},
	} {
		s.settings(text)
		s.hub("serve", "--root-dir", "absent").fails(t, 2, words...)
	}
}

func TestCommands_AMisspeltOneIsNamed(t *testing.T) {
	s := newSite(t)
	s.hub("versin").fails(t, 2, "there is no command versin", "Try: hub --help")
	s.hub("serve", "extra").fails(t, 2, "unexpected argument extra", "Try: hub serve --help")
	s.hub("--version").want(t, "hub dev\n")
}
