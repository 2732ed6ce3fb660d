//go:build oracle

package yjs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/go with what this engine writes and npm yjs reads")

// TestOracleReadsWhatThisEngineWrites lets npm yjs read the documents of goMade and compares with the recorded
// reading, or records it.
func TestOracleReadsWhatThisEngineWrites(t *testing.T) {
	o := startOracle(t)
	for _, g := range goMade {
		t.Run(g.name, func(t *testing.T) {
			doc, state := build(t, g.make)
			digest, err := o.read(g.roots, state)
			if err != nil {
				t.Fatal(err)
			}
			if err := o.probe(state); err != nil {
				t.Fatal(err)
			}
			same(t, "state vector", part(digest, "sv"), stateText(doc.State()))
			if !doc.Pending() {
				same(t, "deletes", part(digest, "ds"), parseUpdate(state).deleteText())
			}
			if *update {
				record(t, g.name, g.roots, digest, state)
			}
			want := readMade(t, g.name)
			same(t, "json", string(want.JSON), part(digest, "json"))
		})
	}
}

func record(t *testing.T, name, roots, digest string, state []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(madeFile(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("{\n  \"roots\": %s,\n  \"json\": %s,\n  \"sv\": %s,\n  \"bytes\": \"%x\"\n}\n", roots, part(digest, "json"), part(digest, "sv"), state)
	if err := os.WriteFile(madeFile(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOracleReadsFixturesThisEngineEncodesAgain sends every fixture through this engine and back.
func TestOracleReadsFixturesThisEngineEncodesAgain(t *testing.T) {
	o := startOracle(t)
	eachFixture(t, func(t *testing.T, fx fixture) {
		state, err := fx.load(t, fx.updates()...).EncodeState(nil)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := o.read(rootsText(fx.Roots), state)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "json", string(fx.JSON), part(digest, "json"))
		same(t, "state vector", string(fx.SV), part(digest, "sv"))
		same(t, "deletes", string(fx.DS), part(digest, "ds"))
		same(t, "pending", fmt.Sprint(fx.Pending), part(digest, "pending"))
	})
}
