package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/notebookhub/hub/api"
	"github.com/notebookhub/hub/web"
)

// registration is the file by which the other commands find a hub that runs.
// It holds the token, so nobody else may read it.
type registration struct {
	URL     string    `json:"url"`
	Token   string    `json:"token"`
	PID     int       `json:"pid"`
	Root    string    `json:"root"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
}

// register writes the runtime file; close removes it.
func (m *program) register() error {
	dir, err := runtimeDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, fmt.Sprintf("hub-%d-%d.json", os.Getpid(), m.port()))
	data, err := json.MarshalIndent(registration{
		URL: m.url(), Token: m.token, PID: os.Getpid(), Root: m.root, Version: version, Started: time.Now().UTC(),
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the runtime file: %w", err)
	}
	temp := path + ".tmp"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return fmt.Errorf("write the runtime file: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write the runtime file: %w", err)
	}
	m.onClose(func(context.Context) error { return os.Remove(path) })
	return nil
}

// apiOptions is what the HTTP side needs to know.
func (m *program) apiOptions() api.Options {
	names := make([]string, len(m.config.AllowHost))
	for i, name := range m.config.AllowHost {
		names[i] = string(name)
	}
	return api.Options{
		Hub: m.hub, Auth: api.Auth{Token: m.token, NoAuth: m.config.NoAuth},
		BaseURL: string(m.config.BaseURL), AllowHosts: names,
		Web: web.Files(), PageCSP: web.PageCSP, SandboxCSP: web.SandboxCSP,
		Logger: m.log, Metrics: metricsHandler(m.hub), Version: version, MaxNotebook: int64(m.config.MaxNotebook),
	}
}
