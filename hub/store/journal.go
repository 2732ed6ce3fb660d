package store

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/google/uuid"
)

// A journal file is a header and records, integers little-endian:
//
//	"NBHJ" version(1) zero(3) room(16) generation(8) crc32c(4 of what precedes)
//	per record: mark(4) length(4) crc32c(4) bytes
//
// A record's checksum covers generation, offset, length and bytes. So a record is
// valid only where it was written, and after damage the next one can be found by
// its mark without being fooled by a record-like payload.
const (
	journalMagic   = "NBHJ"
	journalVersion = 1
	journalHeader  = 36
	recordHeader   = 12
	recordMark     = "\xf5Nb\xa7"
	// maxRecord is the largest update in bytes.
	maxRecord = 1 << 30
)

// appendJournalHeader begins a journal file.
func appendJournalHeader(dst []byte, id uuid.UUID, gen uint64) []byte {
	start := len(dst)
	dst = append(dst, journalMagic...)
	dst = append(dst, journalVersion, 0, 0, 0)
	dst = append(dst, id[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, gen)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// appendRecord adds a record that will lie at offset off of generation gen.
func appendRecord(dst []byte, gen uint64, off int64, update []byte) []byte {
	dst = append(dst, recordMark...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(update)))
	dst = binary.LittleEndian.AppendUint32(dst, recordSum(gen, off, update))
	return append(dst, update...)
}

// encodeJournal is a whole journal file.
func encodeJournal(id uuid.UUID, gen uint64, updates [][]byte) []byte {
	buf := appendJournalHeader(nil, id, gen)
	for _, update := range updates {
		buf = appendRecord(buf, gen, int64(len(buf)), update)
	}
	return buf
}

func recordSum(gen uint64, off int64, update []byte) uint32 {
	var place [20]byte
	binary.LittleEndian.PutUint64(place[:], gen)
	binary.LittleEndian.PutUint64(place[8:], uint64(off))
	binary.LittleEndian.PutUint32(place[16:], uint32(len(update)))
	return crc32.Update(crc32.Checksum(place[:], castagnoli), castagnoli, update)
}

// scan is what one journal file holds.
type scan struct {
	updates [][]byte // readable updates in order, aliasing the file's bytes
	good    int64    // bytes from the start that need no repair
	torn    bool     // the end was never acknowledged and is to be cut
	damaged bool     // something that may have been acknowledged is unreadable
}

// scanJournal reads a journal file's bytes, whatever they are.
func scanJournal(data []byte, id uuid.UUID, gen uint64) (s scan) {
	want := appendJournalHeader(nil, id, gen)
	off := journalHeader
	switch {
	case len(data) < journalHeader && bytes.HasPrefix(want, data), allZero(data):
		s.torn = len(data) > 0
		return s
	case len(data) < journalHeader:
		s.damaged = true
		return s
	case !bytes.Equal(data[:journalHeader], want):
		// The records may be good: they carry the generation themselves.
		s.damaged = true
	default:
		s.good = journalHeader
	}
	for off < len(data) {
		update, ok := recordAt(data, gen, off)
		if !ok {
			next := nextRecord(data, gen, off+1)
			if next < 0 {
				s.end(data, gen, off)
				return s
			}
			s.damaged, off = true, next
			continue
		}
		s.updates = append(s.updates, update)
		off += recordHeader + len(update)
		if !s.damaged {
			s.good = int64(off)
		}
	}
	return s
}

// end judges the unreadable end of a file. A write that never finished leaves a
// beginning of a record, or zeros where the size was set before the bytes.
func (s *scan) end(data []byte, gen uint64, off int) {
	tail := data[off:]
	if n := len(tail) - recordHeader; n > 0 && recordSum(gen, int64(off), tail[recordHeader:]) == binary.LittleEndian.Uint32(tail[8:]) {
		// Only mark or length are wrong: this is the last record, whole.
		s.updates = append(s.updates, tail[recordHeader:])
		s.damaged = true
		return
	}
	if allZero(tail) || unfinished(tail) {
		s.torn = true
		return
	}
	s.damaged = true
}

// unfinished says that a record begins here and is longer than the file.
func unfinished(tail []byte) bool {
	if len(tail) < recordHeader {
		return len(tail) < len(recordMark) && bytes.HasPrefix([]byte(recordMark), tail) ||
			bytes.HasPrefix(tail, []byte(recordMark))
	}
	n := binary.LittleEndian.Uint32(tail[4:])
	return bytes.HasPrefix(tail, []byte(recordMark)) && n <= maxRecord && int64(n) > int64(len(tail)-recordHeader)
}

// recordAt is the update of the valid record at off.
func recordAt(data []byte, gen uint64, off int) ([]byte, bool) {
	if len(data)-off < recordHeader || string(data[off:off+4]) != recordMark {
		return nil, false
	}
	n := int64(binary.LittleEndian.Uint32(data[off+4:]))
	body := data[off+recordHeader:]
	if n > int64(len(body)) {
		return nil, false
	}
	update := body[:n:n]
	return update, recordSum(gen, int64(off), update) == binary.LittleEndian.Uint32(data[off+8:])
}

// nextRecord is the offset of the first valid record at or after off, -1 if none.
func nextRecord(data []byte, gen uint64, off int) int {
	for off < len(data) {
		i := bytes.Index(data[off:], []byte(recordMark))
		if i < 0 {
			return -1
		}
		if _, ok := recordAt(data, gen, off+i); ok {
			return off + i
		}
		off += i + 1
	}
	return -1
}

func allZero(data []byte) bool {
	return len(bytes.TrimLeft(data, "\x00")) == 0
}
