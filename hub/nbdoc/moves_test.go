package nbdoc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/yjs"
)

// movers are peers who work asleep on the same cells: each moves them, types
// marks and deletes characters, and comes back when it likes.
type movers struct {
	t       *testing.T
	rnd     *rand.Rand
	reloads bool
	d       *nbdoc.Document
	peers   []*yjs.Doc
	outbox  [][][]byte // per peer: what it wrote, and the room does not have
	marks   []rune
	base    []rune
	deleted map[rune]bool
	story   strings.Builder
}

// movedTexts are what two of the cells hold at first; the third one is empty.
var movedTexts = []string{"ABCDEF", "GHIJ"}

func newMovers(t *testing.T, s uint64, reloads bool) *movers {
	m := &movers{t: t, rnd: rand.New(rand.NewPCG(s, 21)), reloads: reloads, deleted: map[rune]bool{}}
	ids := []uint64{1, 2, 1 << 51, 1 << 52} // the hub's are between, so that reloads alone can make a difference
	m.rnd.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	m.base = []rune(strings.Join(movedTexts, ""))
	d, _, err := nbdoc.Seed(yjs.Options{ClientID: 1 << 50}, md("a:"+movedTexts[0], "b:"+movedTexts[1], "c:"))
	if err != nil {
		t.Fatal(err)
	}
	m.d = d
	for i := range 2 + m.rnd.IntN(2) {
		p := yjs.NewDoc(yjs.Options{ClientID: ids[i]})
		apply(t, p, encodedFor(t, d, p))
		m.peers, m.outbox = append(m.peers, p), append(m.outbox, nil)
	}
	return m
}

func (m *movers) say(format string, args ...any) { fmt.Fprintf(&m.story, format, args...) }

// work is one edit of a peer.
func (m *movers) work(i int) {
	p := m.peers[i]
	n := p.Array("cells").Len()
	at := m.rnd.IntN(n)
	text := sourceOf(p, at)
	switch m.rnd.IntN(13) {
	case 0:
		m.say("%d changes the type of %d\n", i, at)
		m.outbox[i] = append(m.outbox[i], retype(m.t, p, at, []string{"code", "markdown", "raw"}[m.rnd.IntN(3)]))
	case 1, 2, 3, 4:
		to := m.rnd.IntN(n)
		m.say("%d moves %d to %d\n", i, at, to)
		m.outbox[i] = append(m.outbox[i], move(m.t, p, at, to))
	case 5, 6, 7, 8:
		mark := rune('一' + len(m.marks))
		m.marks = append(m.marks, mark)
		where := m.rnd.IntN(text.Len() + 1)
		m.say("%d types %c into %d at %d\n", i, mark, at, where)
		m.outbox[i] = append(m.outbox[i], write(m.t, p, func(tx *yjs.Txn) { text.Insert(tx, where, string(mark)) }))
	default:
		if text.Len() == 0 {
			return
		}
		where := m.rnd.IntN(text.Len())
		length := 1 + m.rnd.IntN(min(2, text.Len()-where))
		gone := []rune(text.String())[where : where+length]
		for _, r := range gone {
			m.deleted[r] = true
		}
		m.say("%d deletes %s\n", i, string(gone))
		m.outbox[i] = append(m.outbox[i], write(m.t, p, func(tx *yjs.Txn) { text.Delete(tx, where, length) }))
	}
}

func (m *movers) level(i int) {
	m.say("%d levels: %q -> ", i, lines(m.loadPeer(i).Notebook()))
	p := m.peers[i]
	switch m.rnd.IntN(3) {
	case 0: // after a handshake
		update, err := p.EncodeState(m.d.StateVector())
		if err != nil {
			m.t.Fatal(err)
		}
		m.arrive(i, update)
	case 1: // one by one
		for _, u := range m.outbox[i] {
			m.arrive(i, u)
		}
	default: // as one
		if all, err := yjs.MergeUpdates(m.outbox[i]...); err != nil {
			m.t.Fatal(err)
		} else if len(m.outbox[i]) > 0 {
			m.arrive(i, all)
		}
	}
	m.outbox[i] = nil
	apply(m.t, p, encodedFor(m.t, m.d, p))
	m.say("%q\n", lines(m.d.Notebook()))
}

// arrive brings an update to the room, which may be evicted behind it.
func (m *movers) arrive(i int, update []byte) {
	must(m.t)(m.d.Apply(update, i))
	if m.rnd.IntN(2) == 0 && m.reloads {
		m.d = reload(m.t, m.d)
	}
}

func (m *movers) loadPeer(i int) *nbdoc.Document {
	d, err := nbdoc.Load(yjs.Options{}, encoded(m.t, m.peers[i]))
	if err != nil {
		m.t.Fatal(err)
	}
	return d
}

// run is rounds of work of which nobody hears until all is done.
func (m *movers) run(rounds int) {
	for range rounds {
		for range 4 + m.rnd.IntN(8) {
			m.work(m.rnd.IntN(len(m.peers)))
		}
		for _, i := range m.rnd.Perm(len(m.peers)) {
			m.level(i)
		}
	}
	for range 2 {
		for i := range m.peers {
			m.level(i)
		}
	}
}

// faults lists what is not as it should be. A copy whose author did not know of a
// deletion brings back what was deleted; all else is there once.
func (m *movers) faults() (list []string) {
	all := strings.Join(lines(m.d.Notebook()), "\n")
	for _, r := range append(slices.Clone(m.marks), m.base...) {
		if n := strings.Count(all, string(r)); n != 1 && !m.deleted[r] {
			list = append(list, fmt.Sprintf("%c is there %d times", r, n))
		}
	}
	kept := strings.Map(func(r rune) rune {
		if !slices.Contains(m.base, r) || m.deleted[r] {
			return -1
		}
		return r
	}, all)
	for _, text := range movedTexts {
		want := strings.Map(func(r rune) rune {
			if m.deleted[r] {
				return -1
			}
			return r
		}, text)
		if !strings.Contains(kept, want) {
			list = append(list, fmt.Sprintf("%s is not in order in %s", want, kept))
		}
	}
	if ids := slices.Sorted(slices.Values(m.d.IDs())); !slices.Equal(ids, []string{"a", "b", "c"}) {
		list = append(list, fmt.Sprintf("the cells are %v", ids))
	}
	for i := range m.peers {
		if got := m.loadPeer(i).Notebook(); show(got) != show(m.d.Notebook()) {
			list = append(list, fmt.Sprintf("peer %d has %q", i, lines(got)))
		}
	}
	return list
}

// Peers who know nothing of each other move the same cells, type, delete and
// change types of cells, and come back in any order. Nothing is lost or doubled,
// and whether the room was evicted in between makes no difference at all.
func TestMovers_ReloadsMakeNoDifference(t *testing.T) {
	for s := range uint64(120) {
		rounds := 1 + int(s%3)
		awake, evicted := newMovers(t, s, false), newMovers(t, s, true)
		awake.run(rounds)
		evicted.run(rounds)
		for _, m := range []*movers{awake, evicted} {
			if faults := m.faults(); len(faults) > 0 {
				t.Fatalf("seed %d: %q:\n%s", s, faults, m.story.String())
			}
			wantReload(t, m.d)
		}
		if got, want := show(evicted.d.Notebook()), show(awake.d.Notebook()); got != want {
			t.Fatalf("seed %d: without reloads\n%s\nwith them\n%s\n%s", s, want, got, evicted.story.String())
		}
	}
}
