package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// index answers which room is which file. It is derived from the room folders
// and rebuilt from them when it is absent, damaged, of another layout, or was
// not closed by its last owner; so its writes need not be waited for.
type index struct {
	// Static after construction.
	dir     string
	logger  *slog.Logger
	records func(yield func(stamped) error) error // all records, oldest stamp first
	name    func(base string) (string, error)     // where to set a file aside
	seen    func(stamp int64)                     // told of every stamp there is

	mu sync.RWMutex // guards db (the handle, not its transactions)
	db *bbolt.DB
	// behind says that a record reached its folder but not the index, so that the
	// next owner has to rebuild. Guarded by mu, which update holds for reading:
	// only ever set there, through behindMu.
	behindMu sync.Mutex
	behind   bool
}

const (
	indexName = "index.db"
	dirtyName = "index.dirty"
	// indexWait bounds waiting for a stranger who has the index open.
	indexWait = time.Second
)

// open opens or rebuilds the index.
func (x *index) open() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	path, dirty := filepath.Join(x.dir, indexName), filepath.Join(x.dir, dirtyName)
	_, noIndex := os.Stat(path)
	_, notDirty := os.Stat(dirty)
	if notDirty != nil {
		if err := replaceFile(OS{}, dirty, nil); err != nil {
			return wrap("open index", err)
		}
	}
	if noIndex == nil && notDirty != nil {
		err := x.connect(path)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrDamaged) {
			return wrap("open index", err)
		}
		x.logger.Error("index is damaged: rebuilding it", "error", err)
		return wrap("open index", x.rebuildLocked(true))
	}
	return wrap("open index", x.rebuildLocked(false))
}

// connect opens the file and reads every row once, so that damage shows now.
func (x *index) connect(path string) error {
	err := guard(func() (err error) {
		x.db, err = bbolt.Open(path, fileMode, &bbolt.Options{NoSync: true, NoGrowSync: true, Timeout: indexWait, FreelistType: bbolt.FreelistMapType})
		return notDamage(err)
	})
	if err != nil {
		x.db = nil
		return err
	}
	err = x.inTx(false, func(t tables) error { return t.check(x.seen) })
	if err != nil {
		x.disconnect()
	}
	return err
}

// notDamage tells the system's refusals from what bbolt finds in the file.
func notDamage(err error) error {
	if err == nil || classOf(err) != nil || errors.Is(err, bbolterrors.ErrTimeout) || transient(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// rebuildLocked makes a new index from the room folders; a damaged file is set
// aside, a merely outdated one replaced. mu must be held.
func (x *index) rebuildLocked(keep bool) error {
	x.disconnect()
	path := filepath.Join(x.dir, indexName)
	if keep {
		aside, err := x.name(indexName)
		if err == nil {
			err = os.Rename(path, aside)
		}
		if err != nil && !missing(err) {
			return err
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := x.connectNew(path); err != nil {
		return err
	}
	return x.inTx(true, func(t tables) error {
		return x.records(func(st stamped) error { return t.put(st) })
	})
}

// connectNew makes an empty index.
func (x *index) connectNew(path string) error {
	err := guard(func() (err error) {
		x.db, err = bbolt.Open(path, fileMode, &bbolt.Options{NoSync: true, NoGrowSync: true, Timeout: indexWait, FreelistType: bbolt.FreelistMapType})
		return err
	})
	if err != nil {
		x.db = nil
		return err
	}
	return x.inTx(true, func(tables) error { return nil })
}

// view runs f in a reading transaction; after damage once more on the rebuilt
// index, so f must begin anew each time.
func (x *index) view(f func(tables) error) error { return x.run(false, f) }

// update runs f in a writing transaction, likewise.
func (x *index) update(f func(tables) error) error {
	err := x.run(true, f)
	if err != nil {
		x.behindMu.Lock()
		x.behind = true
		x.behindMu.Unlock()
	}
	return err
}

func (x *index) run(write bool, f func(tables) error) error {
	x.mu.RLock()
	db, err := x.db, error(ErrClosed)
	if db != nil {
		err = x.inTx(write, f)
	}
	x.mu.RUnlock()
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == db {
		x.logger.Error("index is damaged: rebuilding it", "error", err)
		if err := x.rebuildLocked(true); err != nil {
			return err
		}
	}
	return x.inTx(write, f)
}

// inTx runs f in one transaction. mu must be held, for reading at least.
func (x *index) inTx(write bool, f func(tables) error) error {
	body := func(tx *bbolt.Tx) error {
		t, err := openTables(tx)
		if err != nil {
			return err
		}
		return f(t)
	}
	return guard(func() error {
		if write {
			return x.db.Update(body)
		}
		return x.db.View(body)
	})
}

// guard turns what bbolt does on a damaged file (panics, faults in the mapped
// memory) into ErrDamaged.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: index: %v", ErrDamaged, p)
		}
	}()
	return f()
}

// disconnect closes the handle. mu must be held.
func (x *index) disconnect() error {
	if x.db == nil {
		return nil
	}
	db := x.db
	x.db = nil
	return guard(db.Close)
}

// close makes the index durable; only then may the next owner trust it.
func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return nil
	}
	err := guard(x.db.Sync)
	if closing := x.disconnect(); err == nil {
		err = closing
	}
	if err != nil || x.behind {
		return wrap("close index", err)
	}
	if err := os.Remove(filepath.Join(x.dir, dirtyName)); err != nil && !missing(err) {
		return wrap("close index", err)
	}
	return wrap("close index", syncDir(x.dir))
}
