package main

import (
	"fmt"
	"strings"
)

// Bounds of diffLines.
const (
	around  = 2       // lines of context
	maxGrid = 4 << 20 // products of lengths above which a part counts as replaced
)

// diffLines tells how text b differs from a, line by line, with some lines
// around each change; "" when they are the same.
func diffLines(a, b string) string {
	if a == b {
		return ""
	}
	marked := markLines(splitLines(a), splitLines(b))
	var out strings.Builder
	omitted := false
	for i, line := range marked {
		far := line[0] == ' ' && !near(marked, i)
		switch {
		case !far:
			out.WriteString(line + "\n")
		case !omitted:
			out.WriteString(" ...\n")
		}
		omitted = far
	}
	return out.String()
}

// near tells whether a changed line is close to line i.
func near(marked []string, i int) bool {
	for k := max(0, i-around); k <= min(len(marked)-1, i+around); k++ {
		if marked[k][0] != ' ' {
			return true
		}
	}
	return false
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func writeLines(out *strings.Builder, mark, text string) {
	for _, line := range splitLines(text) {
		fmt.Fprintf(out, "%s%s\n", mark, line)
	}
}

// markLines returns the lines of both texts in order, marked by "-" (in a
// alone), "+" (in b alone) or " ".
func markLines(a, b []string) []string {
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var marked []string
	add := func(mark string, lines []string) {
		for _, line := range lines {
			marked = append(marked, mark+line)
		}
	}
	add(" ", a[:head])
	i, j := 0, 0
	midA, midB := a[head:len(a)-tail], b[head:len(b)-tail]
	for _, pair := range commonLines(midA, midB) {
		add("-", midA[i:pair[0]])
		add("+", midB[j:pair[1]])
		add(" ", midA[pair[0]:pair[0]+1])
		i, j = pair[0]+1, pair[1]+1
	}
	add("-", midA[i:])
	add("+", midB[j:])
	add(" ", a[len(a)-tail:])
	return marked
}

// commonLines pairs the lines of a longest common subsequence, by the textbook's
// table of lengths; none when the table would be too large.
func commonLines(a, b []string) (pairs [][2]int) {
	if len(a)*len(b) > maxGrid {
		return nil
	}
	width := len(b) + 1
	length := make([]int32, (len(a)+1)*width) // of the rest from i and j on
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
