//go:build mutation

package yjs_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// only names the mutations to try.
var only = flag.String("only", "", "try only the mutations whose name matches this regular expression")

// mutation is one fault: in file, the first old becomes new.
type mutation struct {
	name, file, old, new string
	harmless             string // why the suite may stay green
}

// mutations are faults in the rules that replicas of a shared document live by.
var mutations = []mutation{
	{name: "clients are ordered by the order in which they came", file: "integrate.go", old: "d.clients[o.id.client].id < me", new: "me > 0 && o.id.client < b.ci"},
	{name: "clients are ordered the other way round", file: "integrate.go", old: "d.clients[o.id.client].id < me", new: "d.clients[o.id.client].id > me"},
	{name: "an origin inside of the conflict does not move left", file: "integrate.go", old: "if m <= pass {", new: "if pass > 1<<31 && m <= pass {"},
	{name: "no stop at an origin before the conflict", file: "integrate.go", old: "if m <= begin {", new: "if false {"},
	{name: "no stop at an equal right origin", file: "integrate.go", old: "} else if o.rorig == b.rorig {", new: "} else if false {",
		harmless: "in thousands of conflict rounds the order stayed the same: it seems to save work only"},
	{name: "conflicts are not looked at behind a left neighbour", file: "integrate.go", old: "if b.left.right == b.right {", new: "if true {"},
	{name: "typing does not look at its origin", file: "integrate.go", old: "b.origin != (ref{b.ci, b.client.clock - 1}) || ", new: ""},
	{name: "typing does not look at its right origin", file: "integrate.go", old: " || b.rorig != it.rorig || !b.kind.joins()", new: " || !b.kind.joins()"},
	{name: "typing does not look at its neighbour", file: "integrate.go", old: "if b.rorig.none() != (it.right == nil) || it.right != nil && it.right.id != b.rorig {", new: "if false {"},
	{name: "an older value of a key stays alive", file: "integrate.go", old: "		if it.left != nil {\n			d.delete(it.left)\n		}", new: ""},
	{name: "a late older value of a key stays alive", file: "integrate.go", old: "} else if it.key != 0 && it.right != nil {", new: "} else if false {"},
	{name: "a child of a deleted type stays alive", file: "integrate.go", old: "if p := it.parent; p.item != nil && p.item.deleted() {", new: "if p := it.parent; false && p.item.deleted() {"},
	{name: "a cut struct keeps its old origin", file: "integrate.go", old: "b.origin = ref{ci, c.clock - 1}", new: ""},
	{name: "a cut struct keeps its known part", file: "integrate.go", old: "b.data = tailContent(rec.kind, string(rec.data), int(cut), int(rec.length))", new: "b.data = string(rec.data)"},
	{name: "neighbours are merged whatever their origin", file: "integrate.go", old: "b.origin == l.last() && l.rorig == b.rorig &&", new: "l.rorig == b.rorig &&",
		harmless: "the left neighbour is the client's own last struct: who knows it has it as origin"},
	{name: "a gap moves the clock", file: "apply.go", old: "case rec.kind == kindSkip:", new: "case rec.kind == kindSkip:\n			d.clients[d.intern(s.client)].clock = uint32(end)"},
	{name: "raw bytes are handed on when known structs were in them", file: "apply.go", old: "		case end <= state:\n			d.txn.plain = false", new: "		case end <= state:",
		harmless: "followers know these structs, too, and skip them: it costs bytes only"},
	{name: "raw bytes are handed on when they woke others", file: "apply.go", old: "d.txn.plain = d.txn.plain && !w.owned", new: ""},
	{name: "raw bytes are handed on when parts wait", file: "apply.go", old: "d.txn.plain = d.txn.plain && !waits && d.txn.stop == nil", new: "_ = waits"},
	{name: "a missing right origin is not waited for", file: "apply.go", old: "if n.right, ok = d.lookup(rec.right); !ok {", new: "if n.right, ok = d.lookup(rec.right); false {"},
	{name: "deletes of unknown units are forgotten", file: "apply.go", old: "d.pending.addDelete(client, max(clock, state), end)", new: ""},
	{name: "waiting deletes are not retried", file: "apply.go", old: "for _, w := range d.pending.takeDeletes(c.id, uint64(c.clock)) {", new: "for _, w := range d.pending.takeDeletes(c.id, 0) {"},
	{name: "a cut struct waits for its old origin", file: "apply.go", old: "if rec.hasOrigin && !cut {", new: "if rec.hasOrigin {"},
	{name: "woken structs wake nobody", file: "apply.go", old: "state > before && d.txn.stop == nil {", new: "state < before && d.txn.stop == nil {"},
	{name: "waiting parts are not saved", file: "encode.go", old: "if d.pending.any() {", new: "if false {"},
	{name: "an encoding from the middle keeps the old origin", file: "encode.go", old: "	if offset > 0 {\n		origin", new: "	if false {\n		origin"},
	{name: "runs that touch are not joined in the delete set", file: "gaps.go", old: "if n := len(out); n > 0 && x.clock <= out[n-1].end {", new: "if n := len(out); n > 0 && x.clock < out[n-1].end {"},
	{name: "joining runs loses the end of a longer one", file: "gaps.go", old: "out[n-1].end = max(out[n-1].end, x.end)", new: "out[n-1].end = x.end"},
	{name: "deleted units are not noted", file: "txn.go", old: "d.clients[s.ci].erased.add(gap{uint64(s.clock), uint64(s.end())})", new: "_ = s"},
	{name: "a run that was deleted in part counts as known", file: "gaps.go", old: "list[at].clock <= x.clock && x.end <= list[at].end", new: "list[at].clock <= x.clock && x.clock < list[at].end"},
	{name: "a run behind known ones counts as known", file: "gaps.go", old: "list[at].clock <= x.clock && x.end <= list[at].end", new: "x.end <= list[at].end"},
	{name: "looking for known runs never goes back", file: "gaps.go", old: "if at >= len(list) || list[at].clock > x.clock {", new: "if at >= len(list) {",
		harmless: "runs that are not found are looked up among the items: it costs work only"},
	{name: "raw bytes are handed on when they delete what was deleted", file: "apply.go", old: "			d.txn.plain = false // known deletions are not told again\n", new: "",
		harmless: "followers know these deletions, too: it costs bytes only"},
	{name: "a block forgets that its first item was merged away", file: "settle.go", old: "			c.firsts[bi] = b.clocks[0]", new: "			_ = bi"},
	{name: "neighbours in the list are merged across clocks", file: "item.go", old: " || l.end() != r.id.clock {", new: " {",
		harmless: "who asks has neighbours by clock, or an origin that says so"},
	{name: "spans of one client run into the next", file: "delete.go", old: "if l.ci == x.ci && x.clock <= l.end() {", new: "if x.clock <= l.end() {"},
	{name: "a deleted type keeps its children", file: "delete.go", old: "			d.deleteOne(c)\n", new: ""},
	{name: "a deleted map keeps its values", file: "delete.go", old: "			d.deleteOne(n.entries[i].item)", new: "			_ = i"},
	{name: "a delete takes the whole item", file: "delete.go", old: "if it.end() > s.end() && !it.deleted() {", new: "if false {"},
	{name: "deleted content is not collected", file: "settle.go", old: "if !d.options.KeepDeleted {", new: "if false {"},
	{name: "merged items are not taken out of the position index", file: "settle.go", old: "		if r.leaf != nil {\n			r.leaf.merge(l, r)\n		}", new: ""},
	{name: "a key still points to a merged value", file: "settle.go", old: "} else if l.key != 0 {\n			l.parent.setEntry(l.key, l)\n		}", new: "}"},
	{name: "a split at the end of a key's history is forgotten", file: "store.go", old: "		r.parent.setEntry(r.key, r)", new: "		_ = r"},
	{name: "a split half is not in the position index", file: "store.go", old: "		l.leaf.split(r)", new: "		_ = r"},
	{name: "a split half loses its right origin", file: "store.go", old: "rorig: l.rorig,", new: ""},
	{name: "an excerpt leaves out the types around", file: "excerpt.go", old: "n = o.home(st)", new: "_ = st"},
	{name: "an excerpt of a partial state leaves things out", file: "excerpt.go", old: "if s.skips || !o.whole() {", new: "if false {"},
	{name: "an excerpt has no deletions", file: "excerpt.go", old: "append(o.write(state), s.deletes...)", new: "append(o.write(state), 0)"},
	{name: "an excerpt looks at no neighbours behind", file: "outline.go", old: "h = o.find(l.id).home", new: "_ = l"},
	{name: "half a character is dropped", file: "utf16.go", old: "return s[:at] + replacement, replacement + s[at+4:]", new: "return s[:at], s[at+4:]"},
	{name: "the tail of half a character is dropped", file: "utf16.go", old: "return replacement + s[at+4:]\n}\n\n// wellFormed", new: "return s[at+4:]\n}\n\n// wellFormed"},
	{name: "characters count as one unit", file: "utf16.go", old: "		if b[i] >= 0xf0 {\n			n++\n		}", new: ""},
	{name: "state vectors of updates count behind gaps", file: "merge.go", old: "		if rec.kind == kindSkip {\n			break\n		}", new: ""},
	{name: "leaves that divide lose a unit", file: "tree.go", old: "	l.units -= right.units\n	l.follow(right)", new: "	l.units -= right.units - 1\n	l.follow(right)"},
	{name: "zero-length delete ranges are accepted", file: "scan.go", old: "if length == 0 || clock+length > maxClock {", new: "if clock+length > maxClock {"},
	{name: "a client may come twice in one update", file: "scan.go", old: "if s.repeats() {", new: "if false {"},
	{name: "one unit may be both neighbours", file: "record.go", old: "rec.hasOrigin && rec.hasRight && rec.origin == rec.right", new: "false"},
	{name: "structs may refer to later units of their own client", file: "scan.go", old: "if rec.impossible() {", new: "if false {"},
}

// TestMutationsTurnTheSuiteRed breaks the engine in a copy, one fault at a time, and expects a failing test: of those
// without node first, then of those with npm yjs as the judge. It takes some ten minutes.
func TestMutationsTurnTheSuiteRed(t *testing.T) {
	dir := copyPackage(t)
	if out, red := suite(t, dir); red {
		t.Fatalf("the suite is red without a mutation:\n%s", out)
	}
	survivors := 0
	for _, m := range mutations {
		if !regexp.MustCompile(*only).MatchString(m.name) {
			continue
		}
		path := filepath.Join(dir, m.file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(whole), m.old) {
			t.Errorf("%s: %s no longer contains %q: change the mutation with the code", m.name, m.file, m.old)
			continue
		}
		broken := strings.Replace(string(whole), m.old, m.new, 1)
		write(t, path, []byte(broken))
		by, red := suite(t, dir)
		write(t, path, whole)
		switch {
		case red:
			t.Logf("killed    %s (%s)", m.name, by)
		case m.harmless != "":
			t.Logf("harmless  %s: %s", m.name, m.harmless)
		default:
			survivors++
			t.Errorf("SURVIVED  %s (%s)", m.name, m.file)
		}
	}
	t.Logf("%d survivors", survivors)
}

// copyPackage copies the package with what its tests need and returns the copy's folder.
func copyPackage(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "hub", "yjs")
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), data)
	}
	if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	oracle, err := filepath.Abs("oracle")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(oracle, filepath.Join(dir, "oracle")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// suite runs the tests of the copy and returns the first that failed, or the output when it does not even build.
func suite(t *testing.T, dir string) (by string, red bool) {
	t.Helper()
	for _, args := range [][]string{
		{"test", "-vet=off", "-timeout", "60s", "."},
		{"test", "-vet=off", "-timeout", "120s", "-tags", "oracle", "-run", "Oracle", ".", "-seeds=80", "-shrink=0s"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		cancel()
		if strings.Contains(string(out), "[build failed]") {
			t.Errorf("the copy does not build: %s", out)
		}
		if err != nil {
			return firstFailure(string(out)), true
		}
	}
	return "", false
}

// firstFailure returns the name of the first test that failed, or the start of the output.
func firstFailure(out string) string {
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			return strings.Fields(rest)[0]
		}
	}
	return strings.TrimSpace(out[:min(len(out), 200)])
}
