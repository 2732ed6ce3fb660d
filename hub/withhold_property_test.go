package hub_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// village is a room whose disk sticks now and then, while people type, scripts
// edit, somebody changes the file, and the hub is killed.
type village struct {
	t       *testing.T
	rand    *rand.Rand
	e       *hubtest.Env
	room    uuid.UUID
	peers   []*hubtest.Peer
	release func() // nil: the disk does not stick
	words   int
	must    []string // words that stand once in the end
	may     []string // words that stand once or not at all
}

// word is one character that no other word has: so nothing is written into words.
func (v *village) word() string {
	v.words++
	return string(rune('\u4e00' + v.words))
}

// with puts a word somewhere into a text.
func (v *village) with(text, word string) string {
	all := []rune(text)
	i := v.rand.IntN(len(all) + 1)
	return string(all[:i]) + word + string(all[i:])
}

func (v *village) step() {
	p := v.peers[v.rand.IntN(len(v.peers))]
	cell := string(rune('a' + v.rand.IntN(3)))
	switch v.rand.IntN(12) {
	case 0, 1, 2, 3:
		word := v.word()
		v.must = append(v.must, word)
		p.Type(cell, v.with(p.Source(cell), word))
	case 4, 5, 6:
		v.outside(cell)
	case 7:
		v.script(cell)
	case 8, 9:
		if v.release == nil {
			v.release = stuckJournal(v.e)
		}
	case 10:
		v.free()
	case 11:
		time.Sleep(time.Duration(v.rand.IntN(20)) * time.Second)
	}
	if v.rand.IntN(2) == 0 {
		time.Sleep(time.Duration(v.rand.IntN(1000)) * time.Millisecond)
	}
	synctest.Wait()
}

func (v *village) free() {
	if v.release != nil {
		v.release()
		v.release = nil
	}
}

// outside puts a word into the file, and reorders its cells now and then.
func (v *village) outside(cell string) {
	var file map[string]any
	if err := json.Unmarshal([]byte(v.e.Read("a.ipynb")), &file); err != nil {
		v.t.Fatal(err)
	}
	cells := file["cells"].([]any)
	for _, c := range cells {
		c := c.(map[string]any)
		var text strings.Builder
		for _, line := range c["source"].([]any) {
			text.WriteString(line.(string))
		}
		if c["id"] == cell {
			word := v.word()
			v.must = append(v.must, word)
			c["source"] = []string{v.with(text.String(), word)}
		}
	}
	if v.rand.IntN(3) == 0 {
		v.rand.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
	}
	data, err := json.Marshal(file)
	if err != nil {
		v.t.Fatal(err)
	}
	v.e.Write("a.ipynb", string(data))
}

// script edits by REST; what is not on the disk when the hub is killed is lost.
func (v *village) script(cell string) {
	word := v.word()
	v.may = append(v.may, word)
	patch(v.e, v.room, cell, v.with(v.e.Source(v.room, cell), word))
}

// crash kills the hub; who was there comes back with what it has.
func (v *village) crash() {
	later := killed(v.t, v.e)
	for i, p := range v.peers {
		p.Drop()
		v.peers[i] = later.JoinAs(v.room, hubtest.JoinAs{Doc: p.Doc(), JoinOptions: hub.JoinOptions{Events: true}})
		if v.rand.IntN(2) == 0 {
			synctest.Wait()
		}
	}
	v.free()
	v.e.Stop()
	v.e = later
	synctest.Wait()
}

func (v *village) check() {
	v.free()
	time.Sleep(time.Minute)
	level(v.t, v.e, v.room, v.peers...)
	all := sources(v.peers[0])
	for _, word := range v.must {
		if n := strings.Count(all, word); n != 1 {
			v.t.Errorf("%s stands %d times in %s", word, n, all)
		}
	}
	for _, word := range v.may {
		if n := strings.Count(all, word); n > 1 {
			v.t.Errorf("%s stands %d times in %s", word, n, all)
		}
	}
}

// Whatever happens while the disk sticks, and whenever the hub is killed: what
// people typed and what came with the file stands once, for all alike.
func TestMerge_WhateverHappensStandsOnce(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubbleOf3(t, func(v *village) {
				v.rand = rand.New(rand.NewPCG(seed, 1))
				for range 3 {
					for range 25 {
						v.step()
					}
					v.crash()
				}
				v.check()
			})
		})
	}
}

func bubbleOf3(t *testing.T, f func(v *village)) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("", "", ""))
		v := &village{t: t, e: e, room: e.Open("a.ipynb")}
		for range 3 {
			v.peers = append(v.peers, e.Join(v.room))
		}
		f(v)
		v.e.Stop()
	})
}
