package yjs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// goMade are documents that this engine writes, one way each. testdata/go holds for each the bytes and what npm yjs
// read from them; TestOracleReadsWhatThisEngineWrites makes those files, with -update.
var goMade = []struct {
	name  string
	roots string
	make  func(m *maker)
}{
	{"values", `{"a":"array","m":"map"}`, makeValues},
	{"types", `{"a":"array","m":"map","t":"text"}`, makeTypes},
	{"text", `{"t":"text"}`, makeText},
	{"surrogates", `{"t":"text"}`, makeSurrogates},
	{"deletes", `{"a":"array","m":"map","t":"text"}`, makeDeletes},
	{"concurrent", `{"a":"array","m":"map","t":"text"}`, makeConcurrent},
	{"notebook", `{"cells":"array","meta":"map","state":"map"}`, makeNotebook},
	{"pending", `{"t":"text"}`, makePending},
	{"reverted", `{"m":"map","t":"text"}`, makeReverted},
}

// maker builds one document from several replicas with fixed client ids.
type maker struct {
	t    testing.TB
	docs []*yjs.Doc
	logs [][][]byte
}

func (m *maker) open(clients ...uint64) {
	for _, c := range clients {
		m.docs = append(m.docs, yjs.NewDoc(yjs.Options{ClientID: c}))
		m.logs = append(m.logs, nil)
	}
}

// edit runs one transaction at replica i.
func (m *maker) edit(i int, f func(tx *yjs.Txn)) *yjs.Change {
	m.t.Helper()
	c, err := m.docs[i].Transact("edit", func(tx *yjs.Txn) error {
		f(tx)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.logs[i] = append(m.logs[i], slices.Clone(c.Update))
	return c
}

func (m *maker) sync() {
	m.t.Helper()
	for range 2 {
		for _, from := range m.docs {
			for _, to := range m.docs {
				if from == to {
					continue
				}
				update, err := from.EncodeState(to.StateVector())
				if err != nil {
					m.t.Fatal(err)
				}
				if _, err := to.Apply(update, nil); err != nil {
					m.t.Fatal(err)
				}
			}
		}
	}
}

func makeValues(m *maker) {
	m.open(7001)
	values := []any{
		nil, yjs.Undefined, true, false, 0, 1, -1, 63, 64, -64, math.Copysign(0, -1), 1<<31 - 1, 1 << 31, -1 << 31, -1<<31 - 1, 1<<53 - 1, -(1<<53 - 1),
		0.5, 0.1, 1e21, 1e-7, math.MaxFloat32, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), int64(1234567890123),
		"", "text", "é世界😀\u0000\u2028\"\\", strings.Repeat("long ", 100), []byte{}, []byte{0, 127, 128, 255},
		[]any{}, map[string]any{}, []any{1, []any{nil, yjs.Undefined, map[string]any{"": []byte{1}}}}, map[string]any{"b": 1, "a": map[string]any{"c": "d"}},
	}
	m.edit(0, func(tx *yjs.Txn) {
		for i, v := range values {
			m.docs[0].Map("m").Set(tx, fmt.Sprintf("v%02d", i), v)
		}
		for _, v := range values {
			if v != yjs.Undefined {
				m.docs[0].Array("a").Push(tx, v)
			}
		}
	})
}

func makeTypes(m *maker) {
	m.open(7002)
	d := m.docs[0]
	m.edit(0, func(tx *yjs.Txn) {
		d.Map("m").Set(tx, "map", yjs.MapOf(yjs.Entry{Key: "z", Value: 1}, yjs.Entry{Key: "a", Value: yjs.TextOf("inner 😀")}))
		d.Map("m").Set(tx, "array", yjs.ArrayOf(1, "two", yjs.ArrayOf(), yjs.MapOf(), []byte{3}))
		d.Map("m").Set(tx, "text", yjs.TextOf(""))
		d.Array("a").Insert(tx, 0, yjs.TextOf("first"), 2, yjs.MapOf(yjs.Entry{Key: "deep", Value: yjs.ArrayOf(yjs.ArrayOf(yjs.TextOf("bottom")))}))
		d.Text("t").Insert(tx, 0, "root text")
	})
	m.edit(0, func(tx *yjs.Txn) {
		inner, _ := d.Map("m").Get("map")
		text, _ := inner.(*yjs.Map).Get("a")
		text.(*yjs.Text).Insert(tx, 5, "-most")
		d.Array("a").Get(0).(*yjs.Text).Delete(tx, 0, 2)
	})
}

func makeText(m *maker) {
	m.open(7003)
	text := m.docs[0].Text("t")
	for i, c := range "def f(x):\n    return x\n" {
		m.edit(0, func(tx *yjs.Txn) { text.Insert(tx, i, string(c)) })
	}
	m.edit(0, func(tx *yjs.Txn) { text.Insert(tx, 4, "long_") })
	m.edit(0, func(tx *yjs.Txn) { text.Delete(tx, 2, 6) })
	m.edit(0, func(tx *yjs.Txn) {
		text.Delete(tx, 0, 1)
		text.Insert(tx, 0, "a")
		text.Insert(tx, text.Len(), "# end")
	})
}

func makeSurrogates(m *maker) {
	m.open(7004, 7005)
	m.edit(0, func(tx *yjs.Txn) { m.docs[0].Text("t").Insert(tx, 0, "a😀b👩‍🚀c𝒳") })
	m.sync()
	for at := range 11 { // positions inside pairs are snapped
		m.edit(at%2, func(tx *yjs.Txn) { m.docs[at%2].Text("t").Insert(tx, at, "|") })
	}
	m.sync()
	m.edit(0, func(tx *yjs.Txn) { m.docs[0].Text("t").Delete(tx, 3, 4) })
	m.edit(1, func(tx *yjs.Txn) { m.docs[1].Text("t").Delete(tx, 6, 5) })
	m.sync()
}

func makeDeletes(m *maker) {
	m.open(7006)
	d := m.docs[0]
	m.edit(0, func(tx *yjs.Txn) {
		d.Map("m").Set(tx, "k", yjs.MapOf(yjs.Entry{Key: "in", Value: yjs.ArrayOf(1, yjs.TextOf("deep"))}))
		d.Array("a").Insert(tx, 0, 1, 2, yjs.TextOf("gone"), 4, 5)
		d.Text("t").Insert(tx, 0, "all of this goes")
	})
	m.edit(0, func(tx *yjs.Txn) {
		d.Map("m").Set(tx, "k", 1)
		d.Map("m").Set(tx, "k", 2)
		d.Array("a").Delete(tx, 1, 3)
		d.Text("t").Delete(tx, 3, 3)
	})
	m.edit(0, func(tx *yjs.Txn) {
		d.Map("m").Delete(tx, "k")
		d.Array("a").Delete(tx, 0, d.Array("a").Len())
		d.Text("t").Delete(tx, 0, d.Text("t").Len())
		d.Map("m").Set(tx, "stays", true)
	})
}

func makeConcurrent(m *maker) {
	m.open(7012, 7009, 7011, 7010)
	m.edit(0, func(tx *yjs.Txn) {
		m.docs[0].Text("t").Insert(tx, 0, "[]")
		m.docs[0].Array("a").Insert(tx, 0, "first", "last")
	})
	m.sync()
	for i, d := range m.docs {
		m.edit(i, func(tx *yjs.Txn) {
			d.Text("t").Insert(tx, 1, strings.Repeat(string(rune('a'+i)), 3))
			d.Text("t").Insert(tx, 2, fmt.Sprint(i))
			d.Array("a").Insert(tx, 1, i)
			d.Map("m").Set(tx, "k", i)
		})
	}
	m.edit(1, func(tx *yjs.Txn) { m.docs[1].Text("t").Delete(tx, 0, 2) })
	m.sync()
	m.edit(2, func(tx *yjs.Txn) { m.docs[2].Text("t").Insert(tx, 4, "after") })
	m.sync()
}

func makeNotebook(m *maker) {
	m.open(7013)
	d := m.docs[0]
	cell := func(id, source string) yjs.Prelim {
		return yjs.MapOf(
			yjs.Entry{Key: "id", Value: id}, yjs.Entry{Key: "cell_type", Value: "code"}, yjs.Entry{Key: "source", Value: yjs.TextOf(source)},
			yjs.Entry{Key: "metadata", Value: yjs.MapOf(yjs.Entry{Key: "tags", Value: []any{"t"}})}, yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()},
			yjs.Entry{Key: "execution_count", Value: nil}, yjs.Entry{Key: "execution_state", Value: "idle"})
	}
	m.edit(0, func(tx *yjs.Txn) {
		d.Map("meta").Set(tx, "nbformat", 4)
		d.Map("meta").Set(tx, "nbformat_minor", 5)
		d.Map("meta").Set(tx, "metadata", yjs.MapOf(yjs.Entry{Key: "kernelspec", Value: map[string]any{"name": "python3"}}))
		d.Array("cells").Insert(tx, 0, cell("one", "print(1)"), cell("two", "x = '😀'"))
		d.Map("state").Set(tx, "dirty", false)
	})
	first := d.Array("cells").Get(0).(*yjs.Map)
	outputs, _ := first.Get("outputs")
	m.edit(0, func(tx *yjs.Txn) {
		outputs.(*yjs.Array).Push(tx, yjs.MapOf(yjs.Entry{Key: "output_type", Value: "stream"}, yjs.Entry{Key: "name", Value: "stdout"}, yjs.Entry{Key: "text", Value: yjs.TextOf("1\n")}))
		first.Set(tx, "execution_state", "running")
	})
	m.edit(0, func(tx *yjs.Txn) {
		first.Set(tx, "execution_state", "idle")
		first.Set(tx, "execution_count", 1)
		d.Array("cells").Insert(tx, 1, cell("between", ""))
		d.Array("cells").Delete(tx, 2, 1)
	})
}

func makePending(m *maker) {
	m.open(7014, 7015)
	for i, s := range []string{"one ", "two ", "three ", "four "} {
		m.edit(0, func(tx *yjs.Txn) { m.docs[0].Text("t").Insert(tx, i, s) })
	}
	m.edit(0, func(tx *yjs.Txn) { m.docs[0].Text("t").Delete(tx, 1, 6) })
	for _, i := range []int{0, 2, 3, 4} {
		if _, err := m.docs[1].Apply(m.logs[0][i], nil); err != nil {
			m.t.Fatal(err)
		}
	}
	m.docs = m.docs[1:]
}

func makeReverted(m *maker) {
	m.open(7016, 7017)
	m.edit(0, func(tx *yjs.Txn) {
		m.docs[0].Map("m").Set(tx, "k", "ours")
		m.docs[0].Map("m").Set(tx, "gone", "ours")
		m.docs[0].Map("m").Set(tx, "list", []any{1, 2})
	})
	m.sync()
	m.edit(1, func(tx *yjs.Txn) {
		m.docs[1].Map("m").Set(tx, "k", "theirs")
		m.docs[1].Map("m").Delete(tx, "gone")
		m.docs[1].Map("m").Set(tx, "new", yjs.TextOf("theirs"))
		m.docs[1].Text("t").Insert(tx, 0, "stays")
	})
	c, err := m.docs[0].Apply(m.logs[1][0], "peer")
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.docs[0].Revert(c, "m"); err != nil {
		m.t.Fatal(err)
	}
}

// made is the content of a file in testdata/go.
type made struct {
	Roots json.RawMessage `json:"roots"`
	JSON  json.RawMessage `json:"json"` // read by npm yjs from Bytes
	SV    json.RawMessage `json:"sv"`
	Bytes hexBytes        `json:"bytes"` // written by this engine
}

func madeFile(name string) string { return filepath.Join("testdata", "go", name+".json") }

func readMade(t testing.TB, name string) made {
	t.Helper()
	data, err := os.ReadFile(madeFile(name))
	if err != nil {
		t.Fatal(err)
	}
	var m made
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// build makes the document and returns it with its encoded state.
func build(t testing.TB, make func(*maker)) (*yjs.Doc, []byte) {
	t.Helper()
	m := &maker{t: t}
	make(m)
	mustHold(m.docs[0])
	state, err := m.docs[0].EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	return m.docs[0], state
}

// TestNpmReadsWhatThisEngineWrites needs no node: npm yjs has read the bytes when they were recorded, and today's
// bytes say the same.
func TestNpmReadsWhatThisEngineWrites(t *testing.T) {
	for _, g := range goMade {
		t.Run(g.name, func(t *testing.T) {
			want := readMade(t, g.name)
			doc, state := build(t, g.make)
			var roots map[string]string
			if err := json.Unmarshal([]byte(g.roots), &roots); err != nil {
				t.Fatal(err)
			}
			same(t, "json", string(want.JSON), canonRoots(doc, roots))
			same(t, "state vector", string(want.SV), stateText(doc.State()))
			a, b := parseUpdate(want.Bytes), parseUpdate(state)
			same(t, "deletes", a.deleteText(), b.deleteText())
			if x, y := a.unitLines(), b.unitLines(); !slices.Equal(x, y) {
				t.Errorf("units differ:\n recorded %q\n now      %q", x, y)
			}
		})
	}
}
