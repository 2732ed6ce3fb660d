package hub

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// listBound is how many entries a recursive listing has at most.
const listBound = 10000

// List lists notebooks and folders below dir ("" is the root). Hidden names are
// left out. It enters no room.
func (h *Hub) List(ctx context.Context, dir string, recursive bool) (Listing, error) {
	dir, err := cleanPath(dir)
	if err != nil {
		return Listing{}, err
	}
	list := Listing{Dir: dir}
	open := h.openPaths()
	dirs := []string{dir}
	for len(dirs) > 0 {
		if err := ctx.Err(); err != nil {
			return list, err
		}
		entries, err := h.files.ReadDir(dirs[0])
		if err != nil && dirs[0] == dir {
			return list, err
		}
		for _, e := range entries {
			entry, ok := entryOf(dirs[0], e, open)
			if !ok {
				continue
			}
			if len(list.Entries) == listBound {
				list.Truncated = true
				return list, nil
			}
			list.Entries = append(list.Entries, entry)
			if entry.Dir && recursive {
				dirs = append(dirs, entry.Path)
			}
		}
		dirs = dirs[1:]
	}
	sortEntries(list.Entries)
	return list, nil
}

func entryOf(dir string, e FileStat, open map[string]*RoomInfo) (Entry, bool) {
	p := path.Join(dir, e.Name)
	if strings.HasPrefix(e.Name, stateMarker) {
		return Entry{}, false
	}
	entry := Entry{Path: p, Dir: e.Mode.IsDir(), Size: e.Size, Modified: e.Modified, Room: open[p]}
	return entry, entry.Dir || (isNotebook(p) && e.Mode.IsRegular())
}

func sortEntries(entries []Entry) {
	sort.Slice(entries, func(i, j int) bool {
		if entries[i].Dir != entries[j].Dir {
			return entries[i].Dir
		}
		return entries[i].Path < entries[j].Path
	})
}

func (h *Hub) openPaths() map[string]*RoomInfo {
	open := make(map[string]*RoomInfo)
	for _, r := range h.openRooms() {
		if info := r.info.Load(); info != nil && info.Path != "" {
			open[info.Path] = info
		}
	}
	return open
}

// whenOpen returns a lease of the room that holds a path, none when no room
// does.
func (h *Hub) whenOpen(ctx context.Context, canonical string, file FileID) (lease, error) {
	return h.retryIfOpen(ctx, loadTarget{path: canonical, file: file})
}

func (h *Hub) retryIfOpen(ctx context.Context, t loadTarget) (lease, error) {
	for {
		l, wait, err := h.leasePath(t)
		switch {
		case err != nil:
			return lease{}, err
		case l.room != nil:
			if err = l.awaitReady(ctx); err == nil {
				return l, nil
			}
			l.release()
			if !errors.Is(err, errMoved) {
				return lease{}, err
			}
		case wait == nil:
			return lease{}, nil
		default:
			select {
			case <-wait:
			case <-ctx.Done():
				return lease{}, ctx.Err()
			}
		}
	}
}

// ReadFile returns a notebook by path: the live document when it is open, else
// the file's bytes.
func (h *Hub) ReadFile(ctx context.Context, p string) (Document, error) {
	canonical, file, err := h.resolve(p)
	if err != nil {
		return Document{}, err
	}
	l, err := h.whenOpen(ctx, canonical, file)
	if err != nil {
		return Document{}, err
	}
	if l.room != nil {
		defer l.release()
		return l.notebook(ctx)
	}
	content, err := h.files.Read(canonical, h.options.MaxNotebook)
	if err != nil {
		return Document{}, err
	}
	return documentOf(content.Data), nil
}

func (h *Hub) resolve(p string) (string, FileID, error) {
	clean, err := notebookPath(p)
	if err != nil {
		return "", FileID{}, err
	}
	return h.locate(clean)
}

// MustNotExist as an If-Match of WriteFile means that nothing may be replaced.
const MustNotExist = "must-not-exist"

// WriteFile puts a notebook at path: through its room when it is open, else
// atomically into the file, whose former bytes the next room merges with.
// created tells whether the file is new.
func (h *Hub) WriteFile(ctx context.Context, p string, data []byte, ifMatch string, by Client) (doc Document, created bool, err error) {
	if err := mayWrite(by); err != nil {
		return Document{}, false, err
	}
	for {
		canonical, file, err := h.resolve(p)
		if err != nil {
			return Document{}, false, err
		}
		l, err := h.whenOpen(ctx, canonical, file)
		if err != nil {
			return Document{}, false, err
		}
		if l.room != nil && ifMatch == MustNotExist {
			l.release()
			return Document{}, false, fileExists(canonical)
		}
		if l.room != nil {
			etag, err := l.put(ctx, data, ifMatch, by)
			l.release()
			return Document{Data: data, ETag: etag}, false, err
		}
		if _, err := h.parseSent(data, nil); err != nil {
			return Document{}, false, err
		}
		c, ok := h.claimOperation(canonical, file)
		if !ok {
			continue
		}
		created, err = h.writeClaimed(canonical, data, ifMatch, by)
		h.drop(c)
		if err == nil {
			h.publish("listing", uuid.Nil, map[string]any{"path": canonical})
		}
		return documentOf(data), created, err
	}
}

// claimOperation claims a path for something that no room does.
func (h *Hub) claimOperation(canonical string, file FileID) (*claim, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, _ := h.index.claimPath(canonical, file)
	return c, c != nil
}

func (h *Hub) writeClaimed(canonical string, data []byte, ifMatch string, by Client) (created bool, err error) {
	there, err := h.files.Read(canonical, h.options.MaxNotebook)
	o := WriteOptions{Temp: uuid.NewString()[:8]}
	switch {
	case err == nil && ifMatch == MustNotExist:
		return false, fileExists(canonical)
	case CodeOf(err) == CodeNotFound && ifMatch != "" && ifMatch != MustNotExist:
		return false, stale(canonical)
	case CodeOf(err) == CodeNotFound:
		o.Create = true
		if err := h.files.MkdirAll(path.Dir(canonical)); err != nil {
			return false, err
		}
	case err != nil:
		return false, err
	case ifMatch != "" && !matches(ifMatch, etagOf(there.Data)):
		return false, stale(canonical)
	default:
		o.Expect = there.Hash
		if err := h.keepRested(canonical, there.Data, by); err != nil {
			return false, err
		}
	}
	_, err = h.files.Write(canonical, data, o)
	return o.Create, err
}

// keepRested keeps the former bytes of a notebook whose room is at rest; one that
// has none yet gets its id now. In an empty file there is nothing to keep. The caller holds the path's claim.
func (h *Hub) keepRested(canonical string, data []byte, by Client) error {
	if len(data) == 0 {
		return nil
	}
	rec, err := h.store.ByPath(canonical)
	if errors.Is(err, store.ErrNotFound) {
		now := time.Now()
		rec = store.Record{Room: uuid.New(), Path: canonical, Status: store.StatusOpen, Created: now, Modified: now}
		err = h.store.PutRecord(rec)
	}
	if err == nil {
		v := store.Version{Reason: versionOverwrite, By: by.Name, File: data, Cells: h.countCells(data)}
		_, err = h.store.AddVersion(rec.Room, v)
	}
	return storeError(err)
}

// CopyFile copies a notebook, open or not; an empty to picks a free name beside
// it. It returns the new path.
func (h *Hub) CopyFile(ctx context.Context, from, to string, by Client) (string, error) {
	if err := mayWrite(by); err != nil {
		return "", err
	}
	doc, err := h.ReadFile(ctx, from)
	if err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		target := to
		if to == "" {
			target = copyName(from, n)
		}
		err := h.createFile(target, doc.Data, nil)
		if CodeOf(err) == CodeFileExists && to == "" && n < 1000 {
			continue
		}
		return target, err
	}
}

func copyName(from string, n int) string {
	return fmt.Sprintf("%s-Copy%d%s", strings.TrimSuffix(from, path.Ext(from)), n, path.Ext(from))
}

// createFile writes a notebook where there is none, and then, while the path is
// still claimed, calls made.
func (h *Hub) createFile(p string, data []byte, made func(canonical string) error) error {
	canonical, file, err := h.resolve(p)
	if err != nil {
		return err
	}
	if file != (FileID{}) {
		return fileExists(p)
	}
	c, ok := h.claimOperation(canonical, file)
	if !ok {
		return fileExists(p)
	}
	defer h.drop(c)
	if err := h.files.MkdirAll(path.Dir(canonical)); err != nil {
		return err
	}
	_, err = h.files.Write(canonical, data, WriteOptions{Create: true, Temp: uuid.NewString()[:8]})
	if err == nil && made != nil {
		err = made(canonical)
	}
	if err == nil {
		h.publish("listing", uuid.Nil, map[string]any{"path": canonical})
	}
	return err
}
