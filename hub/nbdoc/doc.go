// Package nbdoc is a notebook as a Yjs document, in the schema that Jupyter's
// clients share: typed reads and edits, change events per cell, the difference
// between two notebooks as small edits, repair of what clients break, the
// three-way merge of a file, and the outputs of running cells.
//
// # Schema
//
// The document has three roots of Jupyter's (notebook version 2.0.0) and one of
// ours:
//
//	cells  array of maps: source (text), metadata (map of plain values),
//	       cell_type, id; code: outputs (array of maps, the text of a stream
//	       being a text), execution_count, execution_state; markdown and raw:
//	       attachments (plain)
//	meta   map: nbformat, nbformat_minor, metadata (map of plain values)
//	state  map of the session: dirty, path, hash; never saved
//	hub    map of plain values that the hub alone writes
//
// Clients hold on to the parts of a cell (its source, metadata and outputs) when
// they first see it. So the parts are never exchanged: a cell whose type changes,
// or that a client left out of shape, is made anew as a whole under its id.
// Within hub, the keys that begin with "moved/", and "merged", are the
// package's own.
//
// # Moves
//
// Yjs has no move. A cell that is deleted and inserted under the same id in one
// transaction has moved; that is what clients do, and what this package does.
// Others may write into the old cell still, asleep or just not knowing yet, or
// move it too, and then there are several copies. Of all of them one cell is
// made, under these rules:
//
//   - What was in the cell, or was typed into an old source or a copy, and what
//     nobody deleted is in the cell exactly once, beside what it stood beside. The
//     same text at the same place in two copies is taken for one change.
//   - What is deleted in an old source or a copy is deleted.
//   - A copy brings back what others had deleted without its author's knowing. Two
//     such copies, with other text around, may do so twice.
//   - Metadata, attachments and the type are merged by what each copy changed.
//
// For this the hub's root holds for each move where each unit of the old source
// is in the new one, and what the cell said; and an update tells by what it
// deletes which units its author knew. Both are in the document and its updates,
// so it makes no difference whether the document has been stored and loaded in
// between. What the root holds is bounded: of the oldest moves, and of cells
// of more than 32 kB, first the text is forgotten, and then a further copy only
// adds what it has and others lack; then the move, and then late text is lost.
//
// # Outputs
//
// JupyterLab keeps outputs in a second model that follows the document only for
// some kinds of changes; others are shown in the wrong place, or even written
// back into the document, once per open tab. Edit writes only those which are
// followed: outputs are appended; text goes to the last output, when that is
// the same stream, of which only the end is ever replaced; a tail that does not
// begin with a stream is replaced; else all outputs are. New outputs are
// written behind the old ones before these are deleted, so that clients see the
// deletion first even when several updates reach them as one. There are never
// two neighbouring streams of one name.
//
// # Concurrency
//
// A [Document] is used by one goroutine at a time. What it returns is shared
// with later results and must not be changed; it may be read by anybody.
package nbdoc
