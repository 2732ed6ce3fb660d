package notebook

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func cells(texts ...string) []Cell {
	var list []Cell
	for _, text := range texts {
		id, source, _ := strings.Cut(text, ":")
		list = append(list, Cell{ID: id, Type: Code, Source: source, Metadata: map[string]any{}})
	}
	return list
}

func retyped(list []Cell) []Cell {
	for i := range list {
		list[i].Type = Raw
	}
	return list
}

func TestMatchCells_PairsByIDThenByContent(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, now []Cell
		want     []int
	}{
		{"nothing", nil, nil, nil},
		{"by id, whatever the content", cells("a:x", "b:y"), cells("b:x", "a:y"), []int{1, 0}},
		{"equal content under other ids", cells("1:import x", "2:x()", "3:y()"), cells("4:x()", "5:y()"), []int{1, 2}},
		{"equal content that moved", cells("1:first", "2:second"), cells("3:second", "4:first"), []int{1, 0}},
		{"equal cells keep their order", cells("1:", "2:", "3:"), cells("4:", "5:", "6:"), []int{0, 1, 2}},
		{"edited", cells("1:import numpy as np\nimport pandas as pd", "2:plot(x, y)"),
			cells("3:import numpy as np\nimport pandas as pd\nimport os", "4:plot(x, y, z)"), []int{0, 1}},
		{"a new cell", cells("1:alpha beta"), cells("2:gamma delta", "3:alpha beta"), []int{-1, 0}},
		{"all new", cells("1:alpha"), cells("2:gamma"), []int{-1}},
		{"a repeated id pairs once", cells("a:x"), cells("a:x", "a:x"), []int{0, -1}},
		{"an empty id is none", cells(":x", ":y"), cells(":y", ":z"), []int{1, -1}},
		{"rewritten between the same neighbours", cells("1:import time", "2:a = 10", "3:print(a)"),
			cells(":import time", ":b = 12", ":print(a)"), []int{0, 1, 2}},
		{"rewritten at both ends", cells("1:x", "2:middle", "3:"), cells(":y", ":middle", ":z"), []int{0, 1, 2}},
		{"with an id of its own it is another", cells("1:import time", "2:a = 10", "3:print(a)"),
			cells(":import time", "9:b = 12", ":print(a)"), []int{0, -1, 2}},
		{"one more between the neighbours tells nothing", cells("1:p q r", "2:x", "3:s t u"),
			cells(":p q r", ":y", ":z", ":s t u"), []int{0, -1, -1, 2}},
		{"short, rewritten and moved", cells("1:a = 10", "2:import time", "3:print(a)"),
			cells(":import time", ":print(a)", ":a = 12"), []int{1, 2, 0}},
		{"two of them", cells("1:x = 1", "2:import time", "3:y = 2"), cells(":y = 3", ":import time", ":x = 4"), []int{2, 1, 0}},
		{"two between the same neighbours", cells("1:import time", "2:x = 1", "3:y = 2"), cells(":import time", ":y = 3", ":x = 4"), []int{0, 2, 1}},
		{"another short one", cells("1:x = 1", "2:import time"), cells(":import time", ":y = 2"), []int{1, -1}},
		{"another beside itself", cells("1:x = 1", "2:import time"), cells(":y = 2", ":import time", ":x = 1"), []int{-1, 1, 0}},
		{"one of two, it is not known which", cells("1:x = 1", "2:x = 2", "3:import time"), cells(":import time", ":x = 3"), []int{2, -1}},
		{"short, of another type", retyped(cells("1:a = 10", "2:import time")), cells(":import time", ":a = 12"), []int{1, -1}},
		{"the most alike of two", cells("1:a b c d e f", "2:a b c d e g"), cells("3:a b c d e f h"), []int{0}},
		{"the most alike wins", cells("1:a b c d e f"), cells("2:a b c x y z", "3:a b c d e g"), []int{-1, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := MatchCells(c.old, c.now); !slices.Equal(got, c.want) {
				t.Errorf("MatchCells = %v, want %v", got, c.want)
			}
		})
	}
}

func TestMatchCells_RetypedCellIsStillItself(t *testing.T) {
	old := cells("1:some words in a cell that stay")
	now := cells("2:some words in a cell that stay")
	now[0].Type = Markdown
	if got := MatchCells(old, now); got[0] != 0 {
		t.Errorf("MatchCells = %v", got)
	}
}

func TestMatchCells_WorkIsBounded(t *testing.T) {
	var old, now []Cell
	for i := range 20_000 {
		old = append(old, cells(fmt.Sprintf("o%d:x%d = a%d + b\nprint(c%d)", i, i, i*7, i))...)
		now = append(now, cells(fmt.Sprintf("n%d:x%d = a%d + b\nprint(c%d)\n#", i, i, i*7, i))...)
	}
	start := time.Now()
	got := MatchCells(old, now)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if got[777] != 777 || got[19_999] != 19_999 {
		t.Errorf("cells that only gained a line are %d and %d", got[777], got[19_999])
	}
}

func TestLongestIncreasing_LeavesTheFewestMoves(t *testing.T) {
	for _, c := range []struct{ seq, want []int }{
		{nil, []int{}},
		{[]int{5}, []int{0}},
		{[]int{0, 1, 2, 3}, []int{0, 1, 2, 3}},
		{[]int{3, 0, 1, 2}, []int{1, 2, 3}},
		{[]int{1, 2, 3, 0}, []int{0, 1, 2}},
		{[]int{2, 2, 2}, []int{2}},
	} {
		if got := LongestIncreasing(c.seq); !slices.Equal(got, c.want) {
			t.Errorf("LongestIncreasing(%v) = %v, want %v", c.seq, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		seq := r.Perm(1 + r.IntN(9))
		got := LongestIncreasing(seq)
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] || seq[got[i]] <= seq[got[i-1]] {
				t.Fatalf("LongestIncreasing(%v) = %v", seq, got)
			}
		}
		if best := longestByTrial(seq); len(got) != best {
			t.Fatalf("LongestIncreasing(%v) has %d, best is %d", seq, len(got), best)
		}
	}
}

// longestByTrial tries all subsets.
func longestByTrial(seq []int) int {
	best := 0
	for set := range 1 << len(seq) {
		n, last, ok := 0, -1, true
		for i, v := range seq {
			if set>>i&1 == 1 {
				ok = ok && v > last
				n, last = n+1, v
			}
		}
		if ok {
			best = max(best, n)
		}
	}
	return best
}
