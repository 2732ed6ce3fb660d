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
//	per record: length(4) place(4) sum(4) bytes
//
// Place is the CRC-32C of generation, offset and length, sum that of the same and
// the bytes. So a record is valid only where it was written: after damage the next
// one is found without being fooled by a record-like payload, and the beginning of
// a record that was never finished differs from one that was hit.
const (
	journalMagic   = "NBHJ"
	journalVersion = 1
	journalHeader  = 36
	recordHeader   = 12
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
	place := placeSum(gen, off, len(update))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(update)))
	dst = binary.LittleEndian.AppendUint32(dst, place)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Update(place, castagnoli, update))
	return append(dst, update...)
}

// placeSum ties a record to where it lies.
func placeSum(gen uint64, off int64, n int) uint32 {
	var place [20]byte
	binary.LittleEndian.PutUint64(place[:], gen)
	binary.LittleEndian.PutUint64(place[8:], uint64(off))
	binary.LittleEndian.PutUint32(place[16:], uint32(n))
	return crc32.Checksum(place[:], castagnoli)
}

// encodeJournal is a whole journal file.
func encodeJournal(id uuid.UUID, gen uint64, updates [][]byte) []byte {
	buf := appendJournalHeader(nil, id, gen)
	for _, update := range updates {
		buf = appendRecord(buf, gen, int64(len(buf)), update)
	}
	return buf
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
	if allZero(tail) || unfinished(tail, gen, off) {
		s.torn = true
		return
	}
	s.damaged = true
	if n := len(tail) - recordHeader; n > 0 {
		body := tail[recordHeader:]
		if crc32.Update(placeSum(gen, int64(off), n), castagnoli, body) == binary.LittleEndian.Uint32(tail[8:]) {
			s.updates = append(s.updates, body) // only its length was hit
		}
	}
}

// unfinished says that a record begins here and is longer than the file.
func unfinished(tail []byte, gen uint64, off int) bool {
	if len(tail) < recordHeader {
		return true
	}
	n, ok := lengthAt(tail, gen, off)
	return ok && n > len(tail)-recordHeader
}

// lengthAt is the length of the record whose header lies at off and begins tail.
func lengthAt(tail []byte, gen uint64, off int) (int, bool) {
	n := binary.LittleEndian.Uint32(tail)
	if n == 0 || n > maxRecord {
		return 0, false
	}
	return int(n), placeSum(gen, int64(off), int(n)) == binary.LittleEndian.Uint32(tail[4:])
}

// recordAt is the update of the valid record at off.
func recordAt(data []byte, gen uint64, off int) ([]byte, bool) {
	tail := data[off:]
	if len(tail) < recordHeader {
		return nil, false
	}
	n, ok := lengthAt(tail, gen, off)
	if !ok || n > len(tail)-recordHeader {
		return nil, false
	}
	end := recordHeader + n
	update := tail[recordHeader:end:end]
	place := binary.LittleEndian.Uint32(tail[4:])
	return update, crc32.Update(place, castagnoli, update) == binary.LittleEndian.Uint32(tail[8:])
}

// nextRecord is the offset of the first valid record at or after off, -1 if none.
func nextRecord(data []byte, gen uint64, off int) int {
	for ; off < len(data); off++ {
		if _, ok := recordAt(data, gen, off); ok {
			return off
		}
	}
	return -1
}

func allZero(data []byte) bool {
	return len(bytes.TrimLeft(data, "\x00")) == 0
}
