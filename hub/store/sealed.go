package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/google/uuid"
)

// A sealed file is written once and verified whenever it is read:
//
//	"NBHS" version(1) kind(1) sections(2) owner(16) crc32c(4 of what precedes)
//	then per section: length(8) crc32c(4 of length and bytes) bytes
//
// Integers are little-endian. The first section describes the rest, so that
// listing reads no further.
const (
	sealMagic   = "NBHS"
	sealVersion = 1
	sealHeader  = 28
	partHeader  = 12
)

// Kinds of sealed files.
const (
	kindRecord   = 'r'
	kindSnapshot = 's'
	kindBaseline = 'b'
	kindVersion  = 'v'
	kindTrash    = 't'
)

// castagnoli is read-only after construction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal frames the sections of a file owned by the room (or entry) id. The result
// is the list of parts to write; sections are not copied.
func seal(kind byte, id uuid.UUID, sections ...[]byte) [][]byte {
	head := make([]byte, 0, sealHeader)
	head = append(head, sealMagic...)
	head = append(head, sealVersion, kind)
	head = binary.LittleEndian.AppendUint16(head, uint16(len(sections)))
	head = append(head, id[:]...)
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	parts := [][]byte{head}
	for _, section := range sections {
		frame := binary.LittleEndian.AppendUint64(nil, uint64(len(section)))
		frame = binary.LittleEndian.AppendUint32(frame, partSum(frame, section))
		parts = append(parts, frame, section)
	}
	return parts
}

// partSum is the checksum of a section and its length.
func partSum(length, section []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, section)
}

// unseal verifies a whole file and returns its sections, which alias data.
func unseal(data []byte, kind byte, id uuid.UUID) ([][]byte, error) {
	count, err := checkHead(data, kind, id)
	if err != nil {
		return nil, err
	}
	rest := data[sealHeader:]
	sections := make([][]byte, 0, count)
	for i := range count {
		var section []byte
		if section, rest, err = cutPart(rest); err != nil {
			return nil, fmt.Errorf("section %d: %w", i, err)
		}
		sections = append(sections, section)
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrDamaged, len(rest))
	}
	return sections, nil
}

// checkHead verifies the header and returns the number of sections.
func checkHead(data []byte, kind byte, id uuid.UUID) (int, error) {
	switch {
	case len(data) < sealHeader || string(data[:4]) != sealMagic:
		return 0, fmt.Errorf("%w: not one of our files", ErrDamaged)
	case crc32.Checksum(data[:24], castagnoli) != binary.LittleEndian.Uint32(data[24:]):
		return 0, fmt.Errorf("%w: header checksum", ErrDamaged)
	case data[4] != sealVersion || data[5] != kind:
		return 0, fmt.Errorf("%w: version %d, kind %q", ErrDamaged, data[4], data[5])
	case !bytes.Equal(data[8:24], id[:]):
		return 0, fmt.Errorf("%w: belongs to another owner", ErrDamaged)
	}
	return int(binary.LittleEndian.Uint16(data[6:])), nil
}

// cutPart verifies the first section of data.
func cutPart(data []byte) (section, rest []byte, err error) {
	if len(data) < partHeader {
		return nil, nil, fmt.Errorf("%w: cut short", ErrDamaged)
	}
	n := binary.LittleEndian.Uint64(data)
	if n > uint64(len(data)-partHeader) {
		return nil, nil, fmt.Errorf("%w: cut short", ErrDamaged)
	}
	section = data[partHeader : partHeader+n]
	if partSum(data[:8], section) != binary.LittleEndian.Uint32(data[8:]) {
		return nil, nil, fmt.Errorf("%w: checksum", ErrDamaged)
	}
	return section, data[partHeader+n:], nil
}

// maxMeta bounds the first section of what is listed without being read whole.
const maxMeta = 1 << 20

// peek reads and verifies the header and the first section alone.
func peek(r io.Reader, kind byte, id uuid.UUID) ([]byte, error) {
	head := make([]byte, sealHeader+partHeader)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if _, err := checkHead(head, kind, id); err != nil {
		return nil, err
	}
	frame := head[sealHeader:]
	n := binary.LittleEndian.Uint64(frame)
	if n > maxMeta {
		return nil, fmt.Errorf("%w: length", ErrDamaged)
	}
	part := append(frame, make([]byte, n)...)
	if _, err := io.ReadFull(r, part[partHeader:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	section, _, err := cutPart(part)
	return section, err
}
