package yjs_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// Two replicas edit at the same time and exchange updates.
func Example() {
	ann, bob := yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{ClientID: 2})

	first, err := ann.Transact(nil, func(tx *yjs.Txn) error {
		ann.Text("note").Insert(tx, 0, "Hello world")
		return nil
	})
	if err != nil {
		panic(err)
	}
	if _, err := bob.Apply(first.Update, nil); err != nil {
		panic(err)
	}

	fromAnn, _ := ann.Transact(nil, func(tx *yjs.Txn) error {
		ann.Text("note").Insert(tx, 5, ",")
		return nil
	})
	fromBob, _ := bob.Transact(nil, func(tx *yjs.Txn) error {
		bob.Text("note").Delete(tx, 6, 5)
		bob.Text("note").Insert(tx, 6, "Bob")
		return nil
	})
	if _, err := ann.Apply(fromBob.Update, "bob"); err != nil {
		panic(err)
	}
	if _, err := bob.Apply(fromAnn.Update, "ann"); err != nil {
		panic(err)
	}
	fmt.Println(ann.Text("note"))
	fmt.Println(bob.Text("note"))
	// Output:
	// Hello, Bob
	// Hello, Bob
}

// A change tells what happened without walking the document.
func ExampleChange_Types() {
	doc := yjs.NewDoc(yjs.Options{ClientID: 1})
	edit := func(f func(tx *yjs.Txn)) *yjs.Change {
		c, err := doc.Transact(nil, func(tx *yjs.Txn) error { f(tx); return nil })
		if err != nil {
			panic(err)
		}
		return c
	}
	edit(func(tx *yjs.Txn) {
		doc.Array("cells").Push(tx, yjs.MapOf(
			yjs.Entry{Key: "id", Value: "c1"},
			yjs.Entry{Key: "source", Value: yjs.TextOf("print()")},
		))
	})
	cell := doc.Array("cells").Get(0).(*yjs.Map)
	source, _ := cell.Get("source")
	change := edit(func(tx *yjs.Txn) {
		source.(*yjs.Text).Insert(tx, 6, "42")
		cell.Set(tx, "id", "c2")
	})
	for _, t := range change.Types() {
		switch t.Target.(type) {
		case *yjs.Text:
			fmt.Println(t.Target.Key(), t.Delta())
		case *yjs.Map:
			fmt.Println(t.Keys, "were", t.Old("id"))
		}
	}
	// Output:
	// source [{<nil> 0 6 map[]} {42 0 0 map[]}]
	// [id] were c1
}

// A server asks for what it lacks, and answers the same question.
func ExampleDoc_EncodeState() {
	client, server := yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{ClientID: 2})
	_, _ = client.Transact(nil, func(tx *yjs.Txn) error {
		client.Map("meta").Set(tx, "nbformat", 4)
		return nil
	})

	question := yjs.AppendSyncStep1(nil, server.StateVector())
	_, sv, err := yjs.ReadSync(question[1:])
	if err != nil {
		panic(err)
	}
	missing, err := client.EncodeState(sv)
	if err != nil {
		panic(err)
	}
	if _, err := server.Apply(missing, "client"); err != nil {
		panic(err)
	}
	fmt.Println(server.Map("meta").Get("nbformat"))
	// Output: 4 true
}

// Some roots may be written by the server alone: others' writes are taken back.
func ExampleDoc_Revert() {
	server, client := yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{ClientID: 2})
	c, _ := server.Transact(nil, func(tx *yjs.Txn) error {
		server.Map("hub").Set(tx, "rev", 7)
		return nil
	})
	_, _ = client.Apply(c.Update, nil)
	forged, _ := client.Transact(nil, func(tx *yjs.Txn) error {
		client.Map("hub").Set(tx, "rev", 8)
		return nil
	})

	change, _ := server.Apply(forged.Update, "client")
	undone, err := server.Revert(change, "hub")
	if err != nil {
		panic(err)
	}
	_, _ = client.Apply(undone.Update, nil)
	fmt.Println(server.Map("hub").JSON(), client.Map("hub").JSON())
	// Output: map[rev:7] map[rev:7]
}

// The first edit that cannot be done is what Transact returns; what was done before stays.
func ExampleDoc_Transact() {
	doc := yjs.NewDoc(yjs.Options{})
	_, err := doc.Transact(nil, func(tx *yjs.Txn) error {
		doc.Text("t").Insert(tx, 0, "ab")
		doc.Text("t").Delete(tx, 1, 5)
		doc.Text("t").Insert(tx, 0, "never written")
		return nil
	})
	fmt.Println(doc.Text("t"), errors.Is(err, yjs.ErrRange))
	// Output: ab true
}

// A log of small updates becomes one that is not longer than what it says.
func ExampleMergeUpdates() {
	doc := yjs.NewDoc(yjs.Options{ClientID: 1})
	var log [][]byte
	for _, letter := range "typing" {
		c, _ := doc.Transact(nil, func(tx *yjs.Txn) error {
			doc.Text("t").Insert(tx, doc.Text("t").Len(), string(letter))
			return nil
		})
		log = append(log, c.Update)
	}
	merged, err := yjs.MergeUpdates(log...)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%q\n", merged)
	// Output: "\x01\x01\x01\x00\x04\x01\x01t\x06typing\x00"
}

// A former state is edited where it matters, and the edit finds its place among what was written since.
func ExampleExcerpt() {
	live := yjs.NewDoc(yjs.Options{ClientID: 1})
	write := func(doc *yjs.Doc, cell, i int, s string) []byte {
		c, err := doc.Transact(nil, func(tx *yjs.Txn) error {
			doc.Array("cells").Get(cell).(*yjs.Text).Insert(tx, i, s)
			return nil
		})
		if err != nil {
			panic(err)
		}
		return c.Update
	}
	_, _ = live.Transact(nil, func(tx *yjs.Txn) error {
		live.Array("cells").Push(tx, yjs.TextOf("one\none\n"), yjs.TextOf("a very long text"))
		return nil
	})
	former, _ := live.EncodeState(nil)
	write(live, 0, 0, "one\n")

	part, err := yjs.Excerpt(former, live.Array("cells").Get(0).(*yjs.Text).ID())
	if err != nil {
		panic(err)
	}
	fork := yjs.NewDoc(yjs.Options{})
	if _, err := fork.Apply(part, nil); err != nil {
		panic(err)
	}
	fmt.Printf("%q\n", fork.Array("cells").JSON())
	_, _ = live.Apply(write(fork, 0, 7, ", the second"), nil)
	fmt.Printf("%q\n", live.Array("cells").JSON())
	// Output:
	// ["one\none\n" ""]
	// ["one\none\none, the second\n" "a very long text"]
}

// Presence is forgotten when nobody renews it.
func ExampleAwareness() {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	var room yjs.Awareness
	hello := yjs.EncodeAwareness([]yjs.AwarenessEntry{{Client: 7, Clock: 1, State: []byte(`{"user":{"name":"Ann"}}`)}})
	change, err := room.Apply(hello, now)
	if err != nil {
		panic(err)
	}
	fmt.Println(change.Added, room.Clients())

	gone := room.Expire(now.Add(30*time.Second), 30*time.Second)
	fmt.Printf("%v %x\n", gone, room.Remove(gone))
	// Output:
	// [7] [7]
	// [7] 010701046e756c6c
}
