package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// appName is the name of our folders in the user's own ones.
const appName = "notebook-hub"

// configFile is where settings are looked for without --config.
func configFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "" // of no file
	}
	return filepath.Join(dir, appName, "config.yaml")
}

// settings are those of a configuration file.
type settings struct {
	file   string
	values map[string]yaml.Node
}

// yamlSettings reads a configuration file. A key that is no flag is a mistake,
// and said.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	s := &settings{file: "the configuration file", values: make(map[string]yaml.Node)}
	if f, ok := r.(*os.File); ok {
		s.file = f.Name()
	}
	err := yaml.NewDecoder(r).Decode(&s.values)
	var other *yaml.TypeError
	if errors.As(err, &other) {
		return nil, fmt.Errorf("read settings of %s: there must be lines such as port: 8889, and nothing else", s.file)
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read settings of %s: %w", s.file, err)
	}
	return s, nil
}

// Validate refuses keys that no flag has.
func (s *settings) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	for _, asked := range []string{"help", "version", "config"} {
		delete(known, asked) // on the command line alone
	}
	for key := range s.values {
		if !known[key] {
			return fmt.Errorf("settings of %s: there is no %q; the keys are the names of flags", s.file, key)
		}
	}
	return nil
}

// Resolve gives a flag its value from the file, unless the environment has one.
func (s *settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := s.values[flag.Name]
	if !ok {
		return nil, nil
	}
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	text, err := settingText(value, flag.IsSlice())
	if err == nil {
		err = try(flag, text)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, s.file)
	}
	return text, nil
}

// settingText is a value of the file as it would stand on the command line:
// the very text, so that a token of digits stays what it is.
func settingText(value yaml.Node, list bool) (string, error) {
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
		return "", errors.New("there is no value; leave the key out for the default")
	case value.Kind == yaml.ScalarNode:
		return value.Value, nil
	case !list:
		return "", errors.New("it takes one value, on the line of its key")
	case value.Kind != yaml.SequenceNode:
		return "", errors.New("it takes one value or a list of values")
	}
	parts := make([]string, len(value.Content))
	for i, part := range value.Content {
		if part.Kind != yaml.ScalarNode {
			return "", errors.New("it takes a list of single values")
		}
		parts[i] = part.Value
	}
	return strings.Join(parts, ","), nil
}

// try sees whether a flag takes a value, so that a refusal can tell where the
// value stands.
func try(flag *kong.Flag, text string) error {
	scan := kong.Scan().PushTyped(text, kong.FlagValueToken)
	into := reflect.New(flag.Target.Type()).Elem()
	return flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, into)
}

// stateHome is where programs keep what must survive: $XDG_STATE_HOME.
func stateHome() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, appName), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the state directory (give --state-dir): %w", err)
	}
	return filepath.Join(home, ".local", "state", appName), nil
}

// runtimeDir is where running hubs are found, and nobody else may look.
func runtimeDir() (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(base) {
		base = os.TempDir()
	}
	dir := filepath.Join(base, fmt.Sprintf("%s-%d", appName, os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the runtime directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("check the runtime directory: %w", err)
	}
	if !info.IsDir() || !ownedByUs(info) {
		return "", fmt.Errorf("check the runtime directory: %s is not ours alone; remove it or, if it is yours, `chmod 700` it", dir)
	}
	return dir, nil
}
