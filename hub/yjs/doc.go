// Package yjs is a shared document that real Yjs clients cannot tell from Yjs: replicas in browsers, Python and Go edit
// at the same time, exchange updates in any order, and end up with the same content. It needs the standard library
// only.
//
// # The model
//
// A [Doc] is one replica. It holds named root types, which hold values and further types: [Map], [Array], [Text] and
// [XML]. A replica writes under its client id, a random number, and counts what it writes: the n-th unit of a client
// has the [ID] (client, n) for ever. A unit is one UTF-16 unit of a text, one element of an array, one value of a map
// key, one nested type. Units written one behind the other are kept as one item with one header.
//
// An item remembers the units between which it was written, its left and right origin. That decides where it stands on
// every replica, whatever was written there meanwhile: the replica walks over the items that compete for the place and
// compares origins and client ids. The rule is YATA (Nicolaescu, Jahns, Derntl, Klamma: "Near Real-Time Peer-to-Peer
// Shared Editing on Extensible Data Types", GROUP 2016) with the right origin as Yjs has added it. The value of a map
// key is the last item of a list of its own; all others of that list are deleted.
//
// Deleting marks units and never moves anything. Because a mark cannot be taken back, sets of deleted units merge by
// union. The content of what is deleted is collected: the item keeps its place, or only its ids when the type around it
// is deleted, too. Collecting waits until the next transaction, so that a [Change] can still show what was there.
//
// The state of a replica is known by its state vector, for each client the number of its units that are known. A peer
// that gets it answers with the rest: [Doc.EncodeState]. An update that refers to units which have not arrived yet
// waits inside of the document, is part of its encoded state, and is integrated as soon as they do.
//
// # Transactions and changes
//
// [Doc.Apply] integrates an update from outside, [Doc.Transact] runs edits of our own. Both are one transaction and
// return its [Change]: the bytes to journal and to send to all others, and what happened to which type. Asking for
// details costs, having them recorded does not. Bytes received are sent on as they are when they say all that happened;
// else the transaction is encoded anew, without what was known before.
//
// An update is judged as a whole before anything is touched: bytes that other clients would choke on are refused here,
// so that what this package sends always loads there. Work that cannot be judged beforehand is bounded by [Limits]. An
// internal fault never panics outwards: the document is given up with [ErrBroken].
//
// # Format
//
// Updates are those of Yjs 13, encoding version 1, made of the primitives of lib0 (variable-length numbers, UTF-8
// strings, "any" values): sections of structs by client in clock order, then the set of deleted units. [MergeUpdates],
// [DiffUpdate], [Excerpt], [StateVectorOf] and [Validate] work on bytes alone. Lengths and positions are UTF-16 units.
// Numbers are JavaScript's: BigInts are read as int64 but never written. Of values no more is decoded than is asked
// for; what clients wrote is kept and passed on byte for byte. The messages around updates are those of y-protocols;
// presence is kept by [Awareness].
//
// Undo, snapshots, relative positions and encoding version 2 are left to the clients.
//
// # Concurrency
//
// A Doc with everything it holds, and an Awareness, are used by one goroutine at a time. Bytes that were returned are
// never changed afterwards. Functions without a document may be called from anywhere.
package yjs
