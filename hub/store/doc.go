// Package store keeps what a hub must not lose: every room's journal,
// snapshots and baseline, former versions, the trash, large outputs (blobs) and
// the index that says which room is which file.
//
// # Layout
//
// Everything lives under one state directory, which one process owns at a time
// (an operating-system lock that a dead owner releases). Folders are 0700, files
// 0600.
//
//	lock                           held by the owner; names its pid and URL
//	index.db, index.dirty          bbolt index; the marker says it was not closed
//	rooms/xx/<uuid>/record         the room's own record: identity, path, lineage
//	                journal-<gen>  append-only, checksummed updates
//	                snapshot-<gen> the state that replaced older journals
//	                baseline       the file as last read or written, and its state
//	                pending        the baseline of a save that is under way
//	                merging        the file that is being merged into the room
//	                versions/      former states of the file
//	                damaged/       unreadable parts, set aside, never deleted
//	blobs/xx/yy/<sha256>           immutable payloads
//	trash/<id>                     deleted notebooks
//	damaged/                       a set-aside index
//
// The room folders are the truth. The index is derived from them and is rebuilt
// when it is missing, damaged, or was not closed; so it is written without
// waiting for the disk, while a room's record is.
//
// # Durability
//
// A [Log] appends without waiting for the disk. A goroutine that is started on
// demand writes all that has queued up in one write, makes it durable with one
// fdatasync, and reports the sequence number reached. When nothing is queued the
// goroutine ends, so an idle room costs memory and one descriptor. After a
// failure nothing queued is dropped: the write is repeated from the last good
// offset, with back-off.
//
// Whole files (snapshots, baselines, records, versions, trash, blobs) are written
// to a temporary name, made durable, renamed, and the folder is made durable. They
// and every journal record carry CRC-32C checksums. A torn end of a journal was
// never acknowledged and is cut; damage anywhere else is copied to damaged/ before
// the readable rest takes its place, and is reported by [Recovered].
//
// Journal records are replayed in order but may be replayed twice (a crash during
// compaction leaves both the snapshot and what it replaced): updates must be
// idempotent, as those of a CRDT are.
//
// # Concurrency
//
// A [Store] and its [Log]s are safe for concurrent use. No lock is shared between
// rooms while the disk is busy, except for a few records that hash to the same
// stripe. The durable callback runs on the log's goroutine and must not call
// Sync or Close of that log.
//
// # Errors
//
// A full disk is [ErrFull], a refusal [ErrPermission], an unknown id [ErrNotFound]
// and another living owner a [*LockedError], all to be tested with errors.Is or
// errors.As. Damage is not an error: it is set aside, reported, and what is
// readable is returned.
package store
