package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/notebookhub/hub/api"
	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/watch"
)

// program is a hub that serves: everything that open started, to be ended by
// close in the opposite order. Tests boot it as the command does.
type program struct {
	config   serveCmd
	log      *slog.Logger
	root     string
	stateDir string
	token    string
	listener net.Listener
	hub      *hub.Hub
	server   *http.Server
	failed   chan error // the server's, if it ends by itself
	announce func(url string) error
	closers  []func(context.Context) error
}

// open starts a hub and returns when it answers.
func open(ctx context.Context, c serveCmd, log *slog.Logger) (_ *program, err error) {
	m := &program{config: c, log: log, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close(context.WithoutCancel(ctx)))
		}
	}()
	if m.token, err = c.secret(); err != nil {
		return m, err
	}
	if m.root, err = canonicalRoot(c.RootDir); err != nil {
		return m, err
	}
	st, err := m.openStore(ctx)
	if err != nil {
		return m, err
	}
	if m.listener, err = c.listen(ctx); err != nil {
		return m, err
	}
	m.onClose(ignore(m.listener.Close))
	if err = m.openHub(ctx, st); err != nil {
		return m, err
	}
	m.serve(ctx)
	if err = m.announce(m.url()); err != nil {
		return m, fmt.Errorf("announce: %w", err)
	}
	if c.only != "" {
		return m, nil // for one command alone
	}
	return m, m.register()
}

// canonicalRoot returns the folder to serve, by its one name.
func canonicalRoot(dir string) (string, error) {
	if dir == "" { // of a variable that is not set, say
		return "", errors.New("open the root folder: --root-dir is empty; give it a folder, . for the present one")
	}
	absolute, err := filepath.Abs(dir)
	if err == nil {
		absolute, err = filepath.EvalSymlinks(absolute)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("open the root folder: there is no %s; give --root-dir a folder", dir)
	}
	if err != nil {
		return "", fmt.Errorf("open the root folder: %w", err)
	}
	if info, err := os.Stat(absolute); err == nil && !info.IsDir() {
		return "", fmt.Errorf("open the root folder: %s is no folder; give --root-dir the one that it is in", dir)
	}
	return absolute, nil
}

func (m *program) onClose(f func(context.Context) error) { m.closers = append(m.closers, f) }

// ignore makes a closer of a Close whose error says only that it was closed
// before.
func ignore(f func() error) func(context.Context) error {
	return func(context.Context) error {
		_ = f()
		return nil
	}
}

// openHub puts the real disk, watcher and kernels behind a hub.
func (m *program) openHub(ctx context.Context, st *store.Store) error {
	files, folder, err := hub.OpenRoot(m.root)
	if err != nil {
		return fmt.Errorf("open the root folder: %w", err)
	}
	m.onClose(ignore(folder.Close))
	watcher := watch.New(watch.Options{Logger: m.log})
	m.onClose(ignore(watcher.Close))
	kernels, err := m.openKernels(ctx)
	if err != nil {
		return err
	}
	c := m.config
	m.hub, err = hub.New(context.WithoutCancel(ctx), hub.Options{
		Files: files, Store: st, Watcher: watcher, Kernels: kernels, Logger: m.log, Version: version,
		RoomIdle: time.Duration(c.RoomIdle), KernelIdle: time.Duration(c.KernelIdle),
		SaveQuiet: time.Duration(c.SaveQuiet), SaveMax: time.Duration(c.SaveMax), MaxNotebook: int64(c.MaxNotebook),
	})
	if err != nil {
		return err
	}
	m.onClose(m.hub.Close)
	return nil
}

// serve answers requests until close.
func (m *program) serve(ctx context.Context) {
	m.server = &http.Server{
		Handler:           api.New(m.apiOptions()),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(m.log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
			m.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	m.onClose(func(ctx context.Context) error {
		// Rooms first: their sockets and streams end, and requests with them.
		m.tellResting(ctx)
		err := m.hub.Close(ctx)
		if m.server.Shutdown(ctx) != nil {
			m.server.Close()
		}
		<-done
		return err
	})
}

// tellResting names the notebooks that were not open and whose edits are in no
// file: they wait for a person, as they did when their rooms went to rest.
func (m *program) tellResting(ctx context.Context) {
	rooms, err := m.hub.Rooms(ctx, true)
	if err != nil {
		m.log.Warn("rooms at rest not looked at", "error", err)
	}
	for _, r := range rooms {
		if !r.Open && r.Unsaved && r.Path != "" {
			m.log.Warn("edits are in no file yet; open the notebook to decide", "path", r.Path, "state", r.State)
		}
	}
}

// close ends everything, the last thing started first.
func (m *program) close(ctx context.Context) error {
	var errs []error
	for i := len(m.closers) - 1; i >= 0; i-- {
		errs = append(errs, m.closers[i](ctx))
	}
	m.closers = nil
	return errors.Join(errs...)
}

// url is the hub's address, with the prefix and a slash at the end.
func (m *program) url() string {
	host, port, _ := net.SplitHostPort(m.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	base := strings.Trim(string(m.config.BaseURL), "/")
	if base != "" {
		base += "/"
	}
	return "http://" + net.JoinHostPort(host, port) + "/" + base
}

func (m *program) port() int {
	addr, _ := m.listener.Addr().(*net.TCPAddr)
	return addr.Port
}

// readyURL is what a person opens.
func (m *program) readyURL() string {
	if m.token == "" {
		return m.url()
	}
	return m.url() + "?token=" + url.QueryEscape(m.token)
}
