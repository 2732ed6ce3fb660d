package notebook

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// apply makes the edits to a as a shared text would, from the last to the first.
func apply(t testing.TB, a string, edits []TextEdit) string {
	t.Helper()
	units := utf16.Encode([]rune(a))
	end := len(units)
	for i := len(edits) - 1; i >= 0; i-- {
		e := edits[i]
		if e.At < 0 || e.Delete < 0 || e.At+e.Delete > end || e.Delete == 0 && e.Insert == "" {
			t.Fatalf("edit %d of %+v does not fit before %d", i, edits, end)
		}
		for _, at := range []int{e.At, e.At + e.Delete} {
			if at > 0 && at < len(units) && utf16.IsSurrogate(rune(units[at])) && units[at] >= 0xDC00 && units[at-1] < 0xDC00 && units[at-1] >= 0xD800 {
				t.Fatalf("edit %+v splits a pair of surrogates", e)
			}
		}
		units = slices.Concat(units[:e.At], utf16.Encode([]rune(e.Insert)), units[e.At+e.Delete:])
		end = e.At
	}
	return string(utf16.Decode(units))
}

func TestDiffText_KeepsWhatBothHave(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       []TextEdit
	}{
		{"equal", "abc", "abc", nil},
		{"from nothing", "", "abc", []TextEdit{{0, 0, "abc"}}},
		{"to nothing", "a😀c", "", []TextEdit{{0, 4, ""}}},
		{"append", "abc", "abcd", []TextEdit{{3, 0, "d"}}},
		{"behind an astral character", "😀a", "😀b", []TextEdit{{2, 1, "b"}}},
		{"astral for astral", "x😀y", "x😁y", []TextEdit{{1, 2, "😁"}}},
		{"same first byte", "é", "è", []TextEdit{{0, 1, "è"}}},
		{"same last byte", "é", "ũ", []TextEdit{{0, 1, "ũ"}}},
		{"one of equal lines", "a\na\na\n", "a\na\n", []TextEdit{{4, 2, ""}}},
		{"two places", "import a\nx = 1\ny = 2\n", "import b\nx = 1\ny = 3\n", []TextEdit{{7, 1, "b"}, {19, 1, "3"}}},
		{"renamed in a line", "value = f(value, other)", "result = f(result, other)", []TextEdit{{0, 5, "result"}, {10, 5, "result"}}},
		{"a line between", "a\nc\n", "a\nb\nc\n", []TextEdit{{2, 0, "b\n"}}},
		{"indented block", "if x:\na\nb\n", "if x:\n  a\n  b\n", []TextEdit{{6, 0, "  "}, {8, 0, "  "}}},
		{"CRLF to LF", "a\r\nb\r\n", "a\nb\n", []TextEdit{{1, 1, ""}, {4, 1, ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := DiffText(c.a, c.b)
			if !slices.Equal(got, c.want) {
				t.Errorf("DiffText(%q, %q)\n got %+v\nwant %+v", c.a, c.b, got, c.want)
			}
			if s := apply(t, c.a, got); s != c.b {
				t.Errorf("applied: %q", s)
			}
		})
	}
}

func TestDiffText_RandomEditsApply(t *testing.T) {
	e := editor{Rand: rand.New(rand.NewPCG(1, 2))}
	for range 3000 {
		a := e.text() + e.text() + e.text()
		b := a
		for range e.IntN(4) {
			b = e.splice(b)
		}
		if got := apply(t, a, DiffText(a, b)); got != b {
			t.Fatalf("from %q to %q: got %q by %+v", a, b, got, DiffText(a, b))
		}
	}
}

func TestDiffText_SmallEditsOfLargeTextsStaySmall(t *testing.T) {
	var lines []string
	for i := range 20_000 {
		lines = append(lines, fmt.Sprintf("line %d of a large text, with number %d", i, i*i%977))
	}
	a := strings.Join(lines, "\n")
	want := 0
	for i := 100; i < len(lines); i += 1000 {
		lines[i] = strings.Replace(lines[i], "large", "huge", 1)
		want++
	}
	b := strings.Join(lines, "\n")
	edits := DiffText(a, b)
	if apply(t, a, edits) != b {
		t.Fatal("the edits do not apply")
	}
	changed := 0
	for _, e := range edits {
		changed += e.Delete + len(e.Insert)
	}
	if len(edits) > 3*want || changed > 12*want {
		t.Errorf("%d edits of %d characters for %d words", len(edits), changed, want)
	}
}

func TestDiffText_WorkIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	random := func(n, letters int, sep string) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('a' + r.IntN(letters)))
			b.WriteString(sep)
		}
		return b.String()
	}
	for name, pair := range map[string][2]string{
		"characters": {random(200_000, 2, ""), random(200_000, 2, "")},
		"lines":      {random(200_000, 2, "\n"), random(200_000, 2, "\n")},
		"unlike":     {random(500_000, 26, ""), strings.ToUpper(random(500_000, 26, ""))},
		"distinct":   {numbered("%d\n", 100_000), numbered("-%d\n", 100_000)},
		"reversed":   {numbered("%d\n", 50_000), reversed(50_000)},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			edits := DiffText(pair[0], pair[1])
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %v", took)
			}
			if len(edits) < 1000 && apply(t, pair[0], edits) != pair[1] {
				t.Error("the edits do not apply")
			}
		})
	}
}

func reversed(n int) string {
	lines := strings.SplitAfter(numbered("%d\n", n), "\n")
	slices.Reverse(lines)
	return strings.Join(lines, "")
}

func FuzzDiffText(f *testing.F) {
	f.Add("a😀\nb", "b\na😁")
	f.Add("x = 1\ny\n", "y\nx = 2\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "�"), strings.ToValidUTF8(b, "�")
		if got := apply(t, a, DiffText(a, b)); got != b {
			t.Errorf("from %q to %q: got %q", a, b, got)
		}
	})
}
