package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/notebookhub/hub/hub/store"
)

// openStore takes possession of the root and of its part of the state
// directory: paths in the store are relative to the root.
func (m *program) openStore(ctx context.Context) (*store.Store, error) {
	state := m.config.StateDir
	if state == "" {
		var err error
		if state, err = stateHome(); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(m.root))
	m.stateDir = filepath.Join(state, "roots", hex.EncodeToString(sum[:8]))
	lock, err := m.claim(ctx)
	if err != nil {
		return nil, err
	}
	m.onClose(func(context.Context) error { return lock.Close() })
	if m.config.only == "" {
		m.inherit()
	}
	st, err := store.Open(m.stateDir, store.Options{Logger: m.log})
	if err != nil {
		return nil, ownedBy("the state directory "+state, err)
	}
	m.onClose(func(context.Context) error { return st.Close() })
	if m.config.only == "" {
		m.remember()
	}
	m.announce = func(url string) error { return errors.Join(lock.Announce(url), st.Announce(url)) }
	return st, nil
}

// claim takes the root, or the one notebook that this hub is about.
func (m *program) claim(ctx context.Context) (*store.RootLock, error) {
	runtime, err := runtimeDir()
	if err != nil {
		return nil, err
	}
	owned, take := m.root, store.LockRoot
	if m.config.only != "" {
		owned, take = m.config.only, store.LockNotebook
	}
	lock, err := take(runtime, owned, "")
	var held *store.FolderHeldError
	if errors.As(err, &held) {
		return nil, m.heldBy(ctx, held)
	}
	if err != nil {
		return nil, ownedBy(owned, err)
	}
	return lock, nil
}

// heldBy says who has a folder, as far as can be told: the folder's lock itself
// names nobody.
func (m *program) heldBy(ctx context.Context, held *store.FolderHeldError) error {
	if owner := store.Holder(m.stateDir); owner != nil {
		return ownedBy(fmt.Sprintf("the folder %s and the state directory %s", m.root, m.stateDir), owner)
	}
	what := held.Folder
	if held.Within {
		what = "a folder in " + held.Folder
	}
	running, _ := registered(ctx) // those of our environment, if any
	for _, r := range running {
		_, below := inside(held.Folder, r.Root)
		if r.Root == held.Folder || held.Within && below {
			return ownedBy(r.Root, &store.LockedError{PID: r.PID, URL: r.URL})
		}
	}
	return fmt.Errorf("start: another hub has %s, and does not say here where it answers: another user or another session started it, or some program has locked the folder; `fuser -v %s` names the process (as root, when it is another user's)", what, held.Folder)
}

// ownedBy says who has what we wanted.
func ownedBy(what string, err error) error {
	var locked *store.LockedError
	if errors.As(err, &locked) {
		where := "it does not say where it answers"
		if locked.URL != "" {
			where = "it answers at " + locked.URL
		}
		return fmt.Errorf("start: another hub (pid %d) has %s; %s", locked.PID, what, where)
	}
	return fmt.Errorf("start: %w", err)
}
