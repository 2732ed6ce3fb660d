// Package hub keeps the rooms of a notebook server: who is in which room, on
// which file, for how long. A room is one open notebook: one shared document,
// one file, at most one kernel, any number of peers. The package knows no HTTP;
// package api is its skin, and cmd/hub plugs in the disk, the watcher and the
// kernels.
//
// # Identity
//
// A room's key is a UUID that never changes; its path is an attribute. A save
// under another name, a rename and the promotion of an untitled notebook change
// the path and tell everyone (path_changed, and the same as state for those who
// come late). A path, a file identity and a room id are each claimed by at most
// one room or operation: claim, then write, then announce. A claim is released
// only by its holder, and a room's claims only when nothing is left of the room.
//
// # Life of a room
//
// A room is opened by its path, by its id if the store knows it, or as an
// untitled notebook. It loads from the store's journal, which continues the
// history that clients hold, else from the file, which begins one (a lineage).
// A room that has not loaded never writes its file. Everyone who uses a room
// holds it, counted in the same section of the registry that finds it: peers,
// requests, executions that run or wait. A room without holds for
// Options.RoomIdle is evicted: flushed, removed if the registry still holds that
// very room and nothing changed since, and torn down. Eviction, closing on
// purpose and the end of the hub are one teardown.
//
// # Concurrency
//
// Hub.mu is the only mutex. It guards the registry (rooms, claims, holds, idle
// times, events, executions) and is held for map work alone, never over I/O, a
// wait or a call into a room. Each room has one goroutine, run, which owns the
// document and everything in state; others send it functions with room.do and
// room.post. Run never waits for a peer, the disk or a kernel: each of these has
// goroutines of its own, which the room waits for at its end. A peer has a
// reader (the caller of Join) and a writer; the room hands the writer a batch
// only while it is idle, so that nothing is locked between them and what piles
// up becomes one message. A panic in a room costs its document, which is rebuilt
// from the store, and a second one soon after costs the room; never the hub.
//
// # Durability
//
// Every change of a document goes to the room's journal at once; an edit by
// REST returns, and a peer's edit is acknowledged, when the journal has it on
// disk. The file is written after a quiet time, atomically, and only over bytes
// that the room last read or wrote: what others wrote is first merged into the
// document as a three-way merge. Our own writes are known by their hash, never
// by time.
//
// A merge is shown to no peer before the journal has it on disk, and neither is
// what the hub writes after it; what peers send is passed on meanwhile as they
// sent it. Who asks for the document waits, and is sent away with CloseSlow when
// the disk takes nothing for 30 s. What room and file last agreed on (the
// baseline) moves only after that: a crash at any moment makes no change twice
// and loses none. What a person must decide is kept with the baseline until room
// and file do not differ about it any more.
package hub
