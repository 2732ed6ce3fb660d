package notebook

// hunk is a difference of two sequences: a[a0:a1] became b[b0:b1].
type hunk struct{ a0, a1, b0, b1 int }

// diff finds the fewest deletions and insertions that turn a into b, with the
// greedy algorithm of E. W. Myers, "An O(ND) Difference Algorithm and Its
// Variations" (Algorithmica 1, 1986). When that would take more than work
// comparisons the part that differs is one hunk.
func diff[T comparable](a, b []T, work int) []hunk {
	head, tail := commonEnds(len(a), len(b), func(i, j int) bool { return a[i] == b[j] })
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x) == 0 && len(y) == 0 {
		return nil
	}
	whole := []hunk{{head, len(a) - tail, head, len(b) - tail}}
	if len(x) == 0 || len(y) == 0 {
		return whole
	}
	trace := walk(x, y, work)
	if trace == nil {
		return whole
	}
	hunks := backtrack(trace, len(x), len(y))
	for i := range hunks {
		hunks[i].a0 += head
		hunks[i].a1 += head
		hunks[i].b0 += head
		hunks[i].b1 += head
	}
	return hunks
}

// walk extends the furthest paths edit by edit and returns, for every number d
// of edits, how far the paths on the diagonals -d..d came; nil when the work is
// spent before the end is reached.
func walk[T comparable](a, b []T, work int) [][]int32 {
	var trace [][]int32
	for d := 0; ; d++ {
		if work -= d + 1; work < 0 {
			return nil
		}
		reach := make([]int32, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				x = step(trace[d-1], d, k)
			}
			start := x
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			work -= x - start
			reach[k+d] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return append(trace, reach)
			}
		}
		trace = append(trace, reach)
	}
}

// step is where the d-th edit onto diagonal k begins: behind an insertion when
// the path above came further, else behind a deletion.
func step(last []int32, d, k int) int {
	// last holds the diagonals -(d-1)..d-1; diagonal j is at j+d-1.
	if k == -d || k != d && last[k-1+d-1] < last[k+1+d-1] {
		return int(last[k+1+d-1])
	}
	return int(last[k-1+d-1]) + 1
}

// backtrack follows the trace from the end and collects the hunks in order.
func backtrack(trace [][]int32, x, y int) []hunk {
	var hunks []hunk // from last to first
	for d := len(trace) - 1; d > 0; d-- {
		k := x - y
		from := step(trace[d-1], d, k)
		px, py := from, from-k // behind the edit
		last := trace[d-1]
		if k == -d || k != d && last[k-1+d-1] < last[k+1+d-1] {
			py-- // an insertion
		} else {
			px-- // a deletion
		}
		n := len(hunks)
		if n > 0 && hunks[n-1].a0 == from && hunks[n-1].b0 == from-k {
			hunks[n-1].a0, hunks[n-1].b0 = px, py
		} else {
			hunks = append(hunks, hunk{px, from, py, from - k})
		}
		x, y = px, py
	}
	for i, j := 0, len(hunks)-1; i < j; i, j = i+1, j-1 {
		hunks[i], hunks[j] = hunks[j], hunks[i]
	}
	return hunks
}

// LongestIncreasing returns the indexes of a longest strictly increasing
// subsequence of seq, in order. When seq holds the former positions of the
// cells of a reordered notebook, the cells that are not in it are the fewest
// that have to be moved. It takes time O(n log n) (M. L. Fredman, "On computing
// the length of longest increasing subsequences", Discrete Mathematics 11,
// 1975).
func LongestIncreasing(seq []int) []int {
	ends := []int{} // ends[n]: the index at which the smallest run of length n+1 ends
	before := make([]int, len(seq))
	for i, v := range seq {
		lo, hi := 0, len(ends)
		for lo < hi {
			if mid := (lo + hi) / 2; seq[ends[mid]] < v {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		before[i] = -1
		if lo > 0 {
			before[i] = ends[lo-1]
		}
		if lo == len(ends) {
			ends = append(ends, i)
		}
		ends[lo] = i
	}
	run := make([]int, len(ends))
	if len(ends) > 0 {
		for n, i := len(run)-1, ends[len(ends)-1]; n >= 0; n, i = n-1, before[i] {
			run[n] = i
		}
	}
	return run
}
