//go:build mutation

package hub

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutations break one rule each. The tests named must notice.
var mutations = []struct {
	name, file, from, to, tests string
}{
	{"remove by key", "registry.go", "if h.rooms[r.id] != r || !still() {", "if !still() {", "ReaperModel|Remove_"},
	{"count the user after looking up", "registry.go",
		"\t\th.rooms[id].holds++\n\t\treturn lease{h.rooms[id]}, nil, nil",
		"\t\tr := h.rooms[id]\n\t\th.mu.Unlock()\n\t\t<-time.After(time.Millisecond)\n\t\th.mu.Lock()\n\t\tr.holds++\n\t\treturn lease{r}, nil, nil", "ReaperModel"},
	{"release the claims with the entry", "registry.go", "\tdelete(h.rooms, r.id)\n\treturn true",
		"\tdelete(h.rooms, r.id)\n\th.index.release(r.pathClaim)\n\th.index.release(r.idClaim)\n\treturn true", "ReaperModel"},
	{"evict although something changed", "reaper.go", "return r.holds == 0 && r.idleSince.Equal(c.since) && r.changes.Load() == flushed", "_ = flushed\n\t\treturn true", "ReaperModel"},
	{"evict although the flush failed", "flush.go", "\t\tdefault:\n\t\t\treturn 0, err", "\t\tdefault:", "Evict_FailedFlush"},
	{"write before the claim is looked at", "move.go", "return nil, nil, &PathAlreadyOpenError{Path: canonical, Room: held.room.id}", "return nil, nil, nil", "SaveAs_Collision"},
	{"keep the claim of a failed move", "move.go", "\tif l.pathClaim != move.claim {\n\t\th.index.release(move.claim)\n\t}", "", "SaveAs_Failure"},
	{"write over what changed outside", "write.go", "case err == nil && now.Hash != snap.base:", "case false:", "Save_OutsideChange"},
	{"acknowledge what is only in memory", "sync.go", "for s.ack.vector != nil && s.ack.seq <= s.durable.reached {", "for s.ack.vector != nil {", "Ack_"},
	{"take peers for their word about the hub's root", "state.go", "if ev.Added {\n\t\treturn nil\n\t}", "", "HubRoot_"},
	{"write a conflicting file", "save.go", "case s.status == StateConflict:", "case false:", "Outside_MergeMarkers"},
	{"recreate a deleted file", "save.go", "case s.status == StateMissing && !job.req.Recreate:", "case false:", "Outside_Deleted"},
	{"let silent clients go", "state.go", "s.control(p, keepAlive)", "", "Sync_IdleClients"},
	{"let a slow peer queue without bound", "outbox.go", "if p.bytes > s.h.options.Caps.Unsent {", "if false {", "SlowPeer_"},
	{"show a merge before it is on the disk", "withhold.go", "return s.withheld.seq != 0 }", "return false }", "TestMerge_"},
	{"show what was put right before it is on the disk", "state.go", "if waitsForDisk(ev, author) {", "if false {", "TestCrash_WhatTheHub"},
	{"let what came first wait for what comes last", "withhold.go", "if n > 0 {", "if false {", "TestWithhold_TheFirst"},
	{"move the baseline before the journal", "baseline.go", "if base.State == nil {", "if false {", "TestMerge_"},
	{"merge from where the two last agreed on all", "merge.go", "s.rebase(seen, s.standing(nbdoc.Disputes(conflicts), seen.form.Notebook()), then)",
		"if open := s.standing(nbdoc.Disputes(conflicts), seen.form.Notebook()); len(open) > 0 {\n\t\ts.conflict(CodeConflict, s.disputeWords(open))\n\t\tthen(s, nil)\n\t\treturn\n\t}\n\ts.rebase(seen, nil, then)", "Conflict_"},
	{"forget the merge that a crash cut off", "restore.go", "if theirs == nil || s.baseline == nil {", "if true {", "TestCrash_"},
	{"forget the save that a crash cut off", "restore.go", "if cut == nil || cut.Path != s.path {", "if true {", "TestCrash_"},
	{"let a decision outlive its bytes", "baseline.go", "\ts.decided = \"\" // that was about other bytes\n", "", "Conflict_"},
	{"replace what may not be written", "atomicwrite.go", "\tcase err != nil:\n\t\treturn nil, diskError(err, p)\n\t}\n\tdefer file.Close()", "\tcase err != nil:\n\t\treturn nil, nil\n\t}\n\tdefer file.Close()", "TestFiles_"},
	{"forget a file that is gone", "load.go", "s.file = rec.File // by which", "_ = rec.File // by which", "RenamedWhile"},
	{"let people wait for a merge", "withhold.go", "\tif free {", "\tif false {", "TestMerge_"},
	{"pass on what a merge made of an edit", "withhold.go", "s.deliver(ev.Sent, author)", "s.deliver(ev.Update, author)", "TestMerge_"},
	{"bring a slow peer level with a merge", "outbox.go", "if p.behind && s.withholding() {", "if false {", "TestMerge_"},
	{"keep people waiting for a stuck disk", "state.go", "\tnext = earlier(next, s.withheld.due)\n", "", "TestMerge_"},
	{"let one connection speak for all", "presence.go", "ids > maxAnnounced", "false", "Presence_One"},
	{"wait for the end of a room that somebody just opened", "registry.go", "if h.rooms[t.id] != nil {\n\t\t\treturn lease{}, lookAgain(), nil", "if false {\n\t\t\treturn lease{}, lookAgain(), nil", "TheSecondOfTwo"},
	{"make a reconnect a leave", "presence.go", "s.presence.leaving[id] = now.Add(s.h.options.LeaveDelay)", "s.presence.leaving[id] = now", "Presence_Reconnect"},
}

// Each mutation is compiled in place of the real file, beside it; nothing in
// the tree is touched.
func TestMutations_EachBrokenRuleIsSeen(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			path, err := filepath.Abs(m.file)
			if err != nil {
				t.Fatal(err)
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(source), m.from) != 1 {
				t.Fatalf("%s does not hold this once: %q", m.file, m.from)
			}
			dir := t.TempDir()
			broken := filepath.Join(dir, m.file)
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: broken}})
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string]string{broken: strings.Replace(string(source), m.from, m.to, 1), filepath.Join(dir, "overlay.json"): string(overlay)} {
				if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"test", "-count=1", "-timeout=120s", "-overlay=" + filepath.Join(dir, "overlay.json"), "-run=" + m.tests, "."}
			out, err := exec.Command("go", args...).CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("nothing noticed:\n%s", out)
			case strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "no tests to run"):
				t.Errorf("the mutation does not work:\n%s", out)
			}
		})
	}
}
