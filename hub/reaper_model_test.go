package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// The eviction model. Many clients join and leave a few notebooks at random,
// while rooms are evicted as soon as they are idle, closed on purpose, and
// evicted by someone slow who holds on to what he saw long ago. Three rules keep
// that safe, and mutation_test.go breaks each of them to see this test go red:
//
//   - a room is removed only if the registry still holds this very room;
//   - a user is counted in the section that finds the room;
//   - a claim is released only when the room is gone.
//
// How often a room is idle depends on the machine. So a client rests now and then
// until a room was evicted, which happens at the latest when all of them rest, and
// the model goes on until it has seen what it is about.
const (
	modelJoins     = 12_000
	modelEvictions = 30
	modelClients   = 12
	modelFiles     = 4
)

// model counts what must never happen.
type model struct {
	t     *testing.T
	hub   *Hub
	paths []string
	joins atomic.Int64
	past  chan *room // rooms as the slow evictor saw them

	mu      sync.Mutex
	writers map[string]*room // the last room seen on each path

	closed map[*room]bool // on purpose; guarded by hub.mu

	deadJoins, destroyed, doubleWriters, refused atomic.Int64
}

func TestReaperModel_NoDeadJoinsNoLostRoomsNoDoubleWriters(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	m := newModel(t)
	var clients sync.WaitGroup
	for i := range modelClients {
		clients.Go(func() { m.client(rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	stop := make(chan struct{})
	var slow sync.WaitGroup
	slow.Go(func() { m.slowEvictor(stop) })
	clients.Wait()
	close(stop)
	slow.Wait()
	if err := m.hub.Close(context.Background()); err != nil {
		t.Error(err)
	}
	stats := m.hub.Stats()
	t.Logf("%d joins, %d rooms opened, %d evicted", m.joins.Load(), stats.Opened, stats.Evicted)
	if d, l, w, r := m.deadJoins.Load(), m.destroyed.Load(), m.doubleWriters.Load(), m.refused.Load(); d+l+w+r > 0 {
		t.Errorf("%d joins into dead rooms, %d live rooms destroyed, %d double writers, %d joins refused for no reason of theirs", d, l, w, r)
	}
	if stats.Rooms != 0 || stats.Claims != 0 {
		t.Errorf("%d rooms and %d claims are left", stats.Rooms, stats.Claims)
	}
	if stats.Evicted < modelEvictions {
		t.Error("the schedule did not reach what it is about")
	}
}

func newModel(t *testing.T) *model {
	dir := t.TempDir()
	m := &model{t: t, past: make(chan *room, 64), writers: make(map[string]*room), closed: make(map[*room]bool)}
	for i := range modelFiles {
		m.paths = append(m.paths, fmt.Sprintf("%d.ipynb", i))
		text := `{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}`
		if err := os.WriteFile(filepath.Join(dir, m.paths[i]), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, folder, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.hub, err = New(context.Background(), Options{Files: files, Store: st, RoomIdle: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = st.Close()
		_ = folder.Close()
	})
	return m
}

// client joins, looks around, leaves, and sometimes closes a room.
func (m *model) client(random *rand.Rand) {
	var last uuid.UUID
	for m.goesOn() {
		path := m.paths[random.IntN(len(m.paths))]
		l, err := m.join(path, last, random)
		switch CodeOf(err) {
		case "":
		case CodeRoomClosed, CodeClosing: // somebody closed it on purpose
			continue
		default:
			m.refused.Add(1)
			m.t.Log(err)
			continue
		}
		last = l.id
		m.check(l, random)
		l.release()
		switch random.IntN(40) {
		case 0, 1:
			m.rest()
		case 2:
			m.close(l.id)
		}
	}
}

// goesOn counts a join, and tells whether there is a reason for it.
func (m *model) goesOn() bool {
	n := m.joins.Add(1)
	return n <= modelJoins || n <= 20*modelJoins && m.hub.Stats().Evicted < modelEvictions
}

// rest waits until a room is evicted for being idle, or none is left.
func (m *model) rest() {
	before := m.hub.Stats().Evicted
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(2 * time.Minute)
	defer late.Stop()
	for s := m.hub.Stats(); s.Evicted == before && s.Rooms > 0; s = m.hub.Stats() {
		select {
		case <-tick.C:
		case <-late.C:
			m.t.Error("rooms are idle, and none is evicted")
			return
		}
	}
}

// join takes a lease as a peer or a request does, by path or by id.
func (m *model) join(path string, last uuid.UUID, random *rand.Rand) (lease, error) {
	ctx := context.Background()
	if last != uuid.Nil && random.IntN(2) == 0 {
		return m.hub.leaseRoom(ctx, last)
	}
	r, err := m.hub.Open(ctx, OpenRequest{Path: path})
	if err != nil {
		return lease{}, err
	}
	return m.hub.leaseRoom(ctx, r.Room.ID)
}

// check uses a room while it is held, and looks for what must not be.
func (m *model) check(l lease, random *rand.Rand) {
	path := ""
	err := l.do(context.Background(), func(s *state) { path = s.path })
	if err != nil {
		m.deadJoins.Add(m.unlessClosed(l))
		return
	}
	m.mu.Lock()
	if before := m.writers[path]; before != nil && before != l.room && !isClosed(before.done) && !isClosed(l.done) {
		m.doubleWriters.Add(1)
	}
	m.writers[path] = l.room
	m.mu.Unlock()
	for range random.IntN(4) {
		_ = l.do(context.Background(), func(*state) {})
	}
	m.hub.mu.Lock()
	here := m.hub.rooms[l.id] == l.room
	m.hub.mu.Unlock()
	if !here {
		m.destroyed.Add(m.unlessClosed(l))
	}
	select {
	case m.past <- l.room:
	default:
	}
}

// close closes a room on purpose, and notes which.
func (m *model) close(id uuid.UUID) {
	l, err := m.hub.leaseRoom(context.Background(), id)
	if err != nil {
		return
	}
	m.hub.mu.Lock()
	m.closed[l.room] = true
	m.hub.mu.Unlock()
	_, _ = m.hub.closeRoom(context.Background(), l, Client{})
	l.release()
}

// unlessClosed is 1, or 0 for a room that somebody closed on purpose: that ends
// it under its users, by design.
func (m *model) unlessClosed(l lease) int64 {
	m.hub.mu.Lock()
	defer m.hub.mu.Unlock()
	if m.closed[l.room] {
		return 0
	}
	return 1
}

// slowEvictor evicts rooms that it saw some time ago, if they are idle now. By
// then most of them are gone, and another life of the notebook is there.
func (m *model) slowEvictor(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case r := <-m.past:
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			if m.hub.remove(r, func() bool { return r.holds == 0 && !r.evicting }) {
				m.hub.teardown(context.Background(), r, "evicted")
			}
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A room that is gone can remove nothing, whatever is under its id now.
func TestRemove_OnlyThisVeryRoom(t *testing.T) {
	m := newModel(t)
	ctx := context.Background()
	first, err := m.join(m.paths[0], uuid.Nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	first.release()
	<-first.done // evicted
	second, err := m.join(m.paths[0], uuid.Nil, nil)
	if err != nil || second.id != first.id || second.room == first.room {
		t.Fatalf("the notebook came back as %v, %v", second.room, err)
	}
	if m.hub.remove(first.room, func() bool { return true }) {
		t.Error("an earlier life of the room removed a later one")
	}
	if err := second.do(ctx, func(*state) {}); err != nil {
		t.Error(err)
	}
	second.release()
	if err := m.hub.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
