package notebook

import (
	"slices"
	"strings"
)

const (
	// sketchSize is how many hashes stand for a source when two are compared.
	sketchSize = 48
	// matchWork bounds how many pairs of cells are compared by content.
	matchWork = 40_000
	// alike is the least similarity of two cells that count as one, edited.
	alike = 0.5
	// shortCell is up to how many bytes of source a cell has too few words to be
	// known by; then characters tell, of which two cells share more by chance.
	shortCell  = 80
	shortAlike = 0.65
	// shortLead is by how much the best partner of a short cell must be better
	// than any other.
	shortLead = 0.2
)

// MatchCells pairs the cells of two states of a notebook and returns, for each
// cell of now, the index of the cell of old that it was, -1 for a new one. No
// cell is paired twice. Cells pair by id; cells without a shared id by equal
// type and source, then by the similarity of their sources; of those that have no
// id at all, short ones by their characters, when these leave no doubt, and the
// rest by standing between the same two neighbours. The work is bounded:
// among very many cells without a shared id only those near each other are
// compared.
func MatchCells(old, now []Cell) []int {
	m := &matcher{old: old, now: now, from: make([]int, len(now)), used: make([]bool, len(old))}
	for j := range m.from {
		m.from[j] = -1
	}
	m.byID()
	m.byContent()
	m.bySimilarity()
	m.byCharacters()
	m.byPlace()
	return m.from
}

type matcher struct {
	old, now []Cell
	from     []int  // for each cell of now
	used     []bool // for each cell of old
}

func (m *matcher) pair(i, j int) {
	m.from[j], m.used[i] = i, true
}

// left are the cells that have no partner yet.
func (m *matcher) left() (old, now []int) {
	for i, used := range m.used {
		if !used {
			old = append(old, i)
		}
	}
	for j, from := range m.from {
		if from < 0 {
			now = append(now, j)
		}
	}
	return old, now
}

func (m *matcher) byID() {
	at := make(map[string]int, len(m.old))
	for i := len(m.old) - 1; i >= 0; i-- {
		at[m.old[i].ID] = i
	}
	for j := range m.now {
		if i, ok := at[m.now[j].ID]; ok && m.now[j].ID != "" && !m.used[i] {
			m.pair(i, j)
		}
	}
}

// byContent pairs equal cells: first those that keep their order, then those
// that moved.
func (m *matcher) byContent() {
	type content struct{ kind, source string }
	old, now := m.left()
	key := func(cells []Cell, left []int) []content {
		keys := make([]content, len(left))
		for n, i := range left {
			keys[n] = content{cells[i].Type, cells[i].Source}
		}
		return keys
	}
	x, y := key(m.old, old), key(m.now, now)
	i, j := 0, 0
	for _, h := range append(diff(x, y, matchWork), hunk{len(x), len(x), len(y), len(y)}) {
		for ; i < h.a0; i, j = i+1, j+1 {
			m.pair(old[i], now[j])
		}
		i, j = h.a1, h.b1
	}
	queues := map[content][]int{}
	for n, i := range old {
		if !m.used[i] && x[n].source != "" {
			queues[x[n]] = append(queues[x[n]], i)
		}
	}
	for n, j := range now {
		if q := queues[y[n]]; m.from[j] < 0 && len(q) > 0 {
			m.pair(q[0], j)
			queues[y[n]] = q[1:]
		}
	}
}

// bySimilarity pairs what is most alike first; of equals, what is nearest.
func (m *matcher) bySimilarity() {
	old, now := m.left()
	if len(old) == 0 || len(now) == 0 {
		return
	}
	x, y := sketches(m.old, old), sketches(m.now, now)
	type candidate struct {
		score float64
		gap   int
		i, j  int
	}
	var list []candidate
	reach := max(matchWork/len(now)/2, 1)
	for b, j := range now {
		middle := b * len(old) / len(now)
		for a := max(middle-reach, 0); a < min(middle+reach, len(old)); a++ {
			i := old[a]
			if score := likeness(x[a], y[b], m.old[i].Type == m.now[j].Type); score >= alike {
				list = append(list, candidate{score, abs(a - middle), i, j})
			}
		}
	}
	slices.SortStableFunc(list, func(p, q candidate) int {
		switch {
		case p.score > q.score:
			return -1
		case p.score < q.score:
			return 1
		}
		return p.gap - q.gap
	})
	for _, c := range list {
		if !m.used[c.i] && m.from[c.j] < 0 {
			m.pair(c.i, c.j)
		}
	}
}

// byCharacters pairs short cells of which each is by far the most like the other.
func (m *matcher) byCharacters() {
	old, now := m.left()
	old = slices.DeleteFunc(old, func(i int) bool { return len(m.old[i].Source) > shortCell })
	now = slices.DeleteFunc(now, func(j int) bool { return len(m.now[j].Source) > shortCell || m.now[j].ID != "" })
	if len(old)*len(now) > matchWork/16 {
		return
	}
	ofOld, ofNow := make([]rivals, len(old)), make([]rivals, len(now))
	for a, i := range old {
		for b, j := range now {
			if m.old[i].Type == m.now[j].Type {
				score := sharedCharacters(m.old[i].Source, m.now[j].Source)
				ofOld[a].add(b, score)
				ofNow[b].add(a, score)
			}
		}
	}
	for a, r := range ofOld {
		if r.clear() && ofNow[r.who].clear() && ofNow[r.who].who == a {
			m.pair(old[a], now[r.who])
		}
	}
}

// rivals are the scores of those who may be the partner of a cell.
type rivals struct {
	who          int // the best
	best, second float64
}

func (r *rivals) add(who int, score float64) {
	if score > r.best {
		r.who, score, r.best = who, r.best, score
	}
	r.second = max(r.second, score)
}

// clear reports whether the best is good, and far better than the others.
func (r *rivals) clear() bool { return r.best >= shortAlike && r.best-r.second >= shortLead }

// sharedCharacters is the share of characters, but for white space, that two
// sources have in common, from 0 to 1.
func sharedCharacters(a, b string) float64 {
	a, b = strings.Join(strings.Fields(a), ""), strings.Join(strings.Fields(b), "")
	length := utf16Len(a) + utf16Len(b)
	if length == 0 {
		return 0
	}
	differ := 0
	for _, e := range DiffCharacters(a, b) {
		differ += e.Delete + utf16Len(e.Insert)
	}
	return 1 - float64(differ)/float64(length)
}

// byPlace pairs what is left between two paired neighbours, when it is as many
// cells of the same types on both sides and nothing else tells who they are: a
// short cell that was rewritten has no word in common with what it was.
func (m *matcher) byPlace() {
	before := -1 // the old partner of the last paired cell
	for j := 0; j < len(m.now); {
		if m.from[j] >= 0 {
			before = m.from[j]
			j++
			continue
		}
		end := j
		for end < len(m.now) && m.from[end] < 0 {
			end++
		}
		after := len(m.old)
		if end < len(m.now) {
			after = m.from[end]
		}
		if after-before-1 == end-j && m.exchangeable(before+1, j, end-j) {
			for n := range end - j {
				m.pair(before+1+n, j+n)
			}
		}
		j = end
	}
}

// exchangeable reports whether n cells from i and from j on may be each other.
func (m *matcher) exchangeable(i, j, n int) bool {
	for k := range n {
		if m.used[i+k] || m.now[j+k].ID != "" || m.old[i+k].Type != m.now[j+k].Type {
			return false
		}
	}
	return true
}

func abs(n int) int { return max(n, -n) }

// sketches hold, for each cell, the smallest hashes of the words of its source
// with the word before (A. Broder, "On the resemblance and containment of
// documents", 1997).
func sketches(cells []Cell, which []int) [][]uint64 {
	out := make([][]uint64, len(which))
	for n, i := range which {
		words := strings.FieldsFunc(cells[i].Source, func(r rune) bool {
			return r <= ' ' || strings.ContainsRune(".,;:()[]{}=\"'", r)
		})
		var hashes []uint64
		for w := range words {
			hashes = append(hashes, fnv(fnvBasis, words[w]))
			if w > 0 {
				hashes = append(hashes, fnv(fnv(fnvBasis, words[w-1])+1, words[w]))
			}
		}
		slices.Sort(hashes)
		hashes = slices.Compact(hashes)
		out[n] = slices.Clone(hashes[:min(len(hashes), sketchSize)])
	}
	return out
}

const fnvBasis, fnvPrime = 14695981039346656037, 1099511628211

// fnv is FNV-1a with 64 bits (RFC 9923), continued from h. Unlike a seeded hash
// it makes the same pairs on every run.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// likeness is the share of what two sketches have in common, from 0 to 1; a
// change of type counts against it.
func likeness(a, b []uint64, sameType bool) float64 {
	common, i, j := 0, 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			common, i, j = common+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	if common == 0 {
		return 0
	}
	score := 2 * float64(common) / float64(len(a)+len(b))
	if !sameType {
		score *= 0.75
	}
	return score
}
