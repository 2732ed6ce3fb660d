package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The types below read one kind of setting each, wherever it stands: a flag, an
// environment variable or the configuration file. They refuse what the hub
// would trip over later, or take for something else, and say what is allowed.

// nonEmpty is what an argument must be: an empty one comes from a variable that is
// not set, and would name something else.
type nonEmpty string

// UnmarshalText reads an argument.
func (n *nonEmpty) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	*n = nonEmpty(text)
	return nil
}

// portNumber is a TCP port, 0 for any free one.
type portNumber int

// UnmarshalText reads a setting.
func (p *portNumber) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no port: 1 to 65535, or 0 for any free one", text)
	}
	*p = portNumber(n)
	return nil
}

// span is a length of time above zero.
type span time.Duration

// UnmarshalText reads a setting.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no length of time above zero, such as 500ms, 30s or 1h", text)
	}
	*s = span(d)
	return nil
}

// spanOrNever is a length of time, or below zero for one without an end.
type spanOrNever time.Duration

// UnmarshalText reads a setting.
func (s *spanOrNever) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d == 0 {
		return fmt.Errorf("%q is no length of time such as 30m or 2h, nor one below zero, such as -1s, for never", text)
	}
	*s = spanOrNever(d)
	return nil
}

// logLevel is the least important kind of line that is logged.
type logLevel slog.Level

// UnmarshalText reads a setting.
func (l *logLevel) UnmarshalText(text []byte) error {
	var level slog.Level
	if level.UnmarshalText(text) != nil {
		return fmt.Errorf("%q is no level: debug, info, warn or error", text)
	}
	*l = logLevel(level)
	return nil
}

// listenAddress is an address of this computer. An empty one would stand for
// every network, which nobody should get by a variable that is not set.
type listenAddress string

// UnmarshalText reads a setting.
func (a *listenAddress) UnmarshalText(text []byte) error {
	_, err := netip.ParseAddr(string(text))
	if err != nil && !hostPattern.Match(text) {
		return fmt.Errorf("%q is no address such as 127.0.0.1, ::1 or localhost; 0.0.0.0 for every network of this computer", text)
	}
	*a = listenAddress(text)
	return nil
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?$`)

// hostName is a name under which requests may come, and perhaps a port.
type hostName string

// UnmarshalText reads a setting.
func (h *hostName) UnmarshalText(text []byte) error {
	name, port, given := strings.Cut(string(text), ":")
	if given {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			name = ""
		}
	}
	if !hostPattern.MatchString(name) {
		return fmt.Errorf("%q is no name of a host, such as hub.example.org or hub.example.org:8443", text)
	}
	*h = hostName(text)
	return nil
}

// urlPath is the prefix of everything that is served.
type urlPath string

// UnmarshalText reads a setting.
func (p *urlPath) UnmarshalText(text []byte) error {
	inner := strings.Trim(string(text), "/")
	bad := strings.Contains(inner, "://") || strings.ContainsFunc(inner, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`?#%\"<>`, r)
	})
	if bad || inner != "" && slices.ContainsFunc(strings.Split(inner, "/"), func(part string) bool {
		return part == "" || part == "." || part == ".."
	}) {
		return fmt.Errorf("%q is no path such as /hub/ or /user/ann/", text)
	}
	*p = urlPath(text)
	return nil
}
