package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"
)

// Baseline ties the notebook file as last read or written to the document state
// that is equal to it, in one file, so that neither is ever found without the
// other.
type Baseline struct {
	File  []byte   // the file's exact bytes
	State []byte   // document state equal to it
	IDs   []string // per cell, minted ones included
	Path  string   // as in the record
	// Disputes are what a person must decide about before the file may be written,
	// in the caller's words.
	Disputes []string
}

const (
	baselineName = "baseline"
	pendingName  = "pending"
	mergingName  = "merging"
)

// baselineHead is the first section of the file.
type baselineHead struct {
	Path     string   `json:"path"`
	IDs      []string `json:"ids"`
	Disputes []string `json:"disputes,omitempty"`
}

// SetPending makes durable what a save is about to write. It comes before the
// notebook file is renamed into place; after a crash a disk equal to it is our own
// write. A promotion that failed is made up for first: until then the former
// pending baseline is what the file holds, and must not be lost.
func (l *Log) SetPending(ctx context.Context, b *Baseline) error {
	return l.inBases(ctx, "set pending", func() error {
		if err := l.payOwed(); err != nil {
			return err
		}
		return l.writeBaseline(pendingName, b)
	})
}

// DropPending forgets what is pending: it was not written. What is to be promoted
// is not dropped.
func (l *Log) DropPending(ctx context.Context) error {
	return l.inBases(ctx, "drop pending", func() error {
		if l.owed {
			return nil
		}
		if err := l.store.disk.Remove(filepath.Join(l.dir, pendingName)); err != nil && !missing(err) {
			return err
		}
		return l.store.disk.SyncDir(l.dir)
	})
}

// payOwed makes up for a promotion that failed.
func (l *Log) payOwed() error {
	if !l.owed {
		return nil
	}
	if err := l.promote(); err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("promote the former one: %w", err)
	}
	l.owed = false
	return nil
}

// PromotePending makes the pending baseline the baseline, by a rename. When it
// fails, the next SetPending tries again, and so does whoever opens the log after
// a crash: the pending baseline says what the file holds as well.
func (l *Log) PromotePending(ctx context.Context) error {
	return l.inBases(ctx, "promote pending", func() error {
		err := l.promote()
		l.owed = err != nil && !errors.Is(err, ErrNotFound)
		return err
	})
}

func (l *Log) promote() error {
	from, to := filepath.Join(l.dir, pendingName), filepath.Join(l.dir, baselineName)
	err := l.store.disk.Rename(from, to)
	if missing(err) {
		return ErrNotFound
	}
	if err == nil {
		err = l.store.disk.SyncDir(l.dir)
	}
	return err
}

// SetMerging makes durable which file a merge is about to bring into the
// document. It comes before the merge's update is appended: whoever finds that
// update after a crash knows by it what the file held, although the baseline had
// not moved yet. A promotion that failed is made up for first, as by SetPending.
func (l *Log) SetMerging(ctx context.Context, b *Baseline) error {
	return l.inBases(ctx, "set merging", func() error {
		if err := l.payOwed(); err != nil {
			return err
		}
		return l.writeBaseline(mergingName, b)
	})
}

// SetBaseline replaces the baseline at once, for a file that was read, and ends
// the merge that was under way. What is pending stays; what was to be promoted is out of
// date.
func (l *Log) SetBaseline(ctx context.Context, b *Baseline) error {
	return l.inBases(ctx, "set baseline", func() error {
		err := l.writeBaseline(baselineName, b)
		l.owed = l.owed && err != nil
		if err == nil {
			// Best effort: what it was merged into is no longer the baseline.
			l.store.disk.Remove(filepath.Join(l.dir, mergingName))
		}
		return err
	})
}

// inBases runs f while nobody else replaces this room's baselines.
func (l *Log) inBases(ctx context.Context, doing string, f func() error) error {
	release, err := l.hold(ctx, l.bases)
	if err != nil {
		return wrap(doing, err)
	}
	defer release()
	return wrap(doing, f())
}

func (l *Log) writeBaseline(name string, b *Baseline) error {
	head, err := json.Marshal(baselineHead{Path: b.Path, IDs: b.IDs, Disputes: b.Disputes})
	if err != nil {
		return err
	}
	if err := makeDir(l.store.disk, l.dir); err != nil {
		return err
	}
	parts := seal(kindBaseline, l.id, head, b.File, b.State)
	return replaceFile(l.store.disk, filepath.Join(l.dir, name), nil, parts...)
}

// recoverBaseline reads a baseline; without a readable one it is nil.
func (l *Log) recoverBaseline(name string, rec *Recovered) (*Baseline, error) {
	b, err := l.store.readBaseline(l.id, name)
	switch {
	case err == nil:
		return b, nil
	case missing(err):
		return nil, nil
	case transient(err):
		return nil, err
	}
	rec.damage(name, err)
	l.broken = append(l.broken, brokenFile{name: name})
	return nil, nil
}

// readBaseline reads and verifies a room's baseline or pending file.
func (s *Store) readBaseline(id uuid.UUID, name string) (*Baseline, error) {
	data, _, err := readFile(s.disk, filepath.Join(s.roomDir(id), name))
	if err != nil {
		return nil, err
	}
	parts, err := unseal(data, kindBaseline, id)
	if err != nil {
		return nil, err
	}
	var head baselineHead
	if len(parts) != 3 || json.Unmarshal(parts[0], &head) != nil {
		return nil, errors.Join(ErrDamaged, fmt.Errorf("%s of %s", name, id))
	}
	return &Baseline{File: parts[1], State: parts[2], IDs: head.IDs, Path: head.Path, Disputes: head.Disputes}, nil
}
