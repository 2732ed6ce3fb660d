package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

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

// yamlSettings reads a configuration file. A key that is no flag is a mistake,
// and said.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := make(map[string]any)
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return &settings{values}, nil
}

type settings struct {
	values map[string]any
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
	for key := range s.values {
		if !known[key] {
			return fmt.Errorf("settings: there is no %q; the keys are the names of flags", key)
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
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return value, nil
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
		return "", fmt.Errorf("check the runtime directory: %s is not ours alone", dir)
	}
	return dir, nil
}
