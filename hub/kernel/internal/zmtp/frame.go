package zmtp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrProtocol is wrapped by every error that says the peer does not speak ZMTP.
var ErrProtocol = errors.New("not ZMTP 3.0")

// Bits of a frame's first byte.
const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1
	flagCommand = 1 << 2
)

const (
	maxCommand = 64 << 10
	maxFrames  = 4096
	maxSkip    = 1 << 40   // a longer claim is a lie, not an output
	chunk      = 256 << 10 // what a claimed length may cost before bytes arrive
)

// readHeader returns flags and length of the next frame.
func readHeader(r *bufio.Reader) (byte, uint64, error) {
	flags, err := r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 || flags&(flagMore|flagCommand) == flagMore|flagCommand {
		return 0, 0, fmt.Errorf("%w: frame flags %#x", ErrProtocol, flags)
	}
	if flags&flagLong == 0 {
		size, err := r.ReadByte()
		return flags, uint64(size), torn(err)
	}
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return 0, 0, torn(err)
	}
	return flags, binary.BigEndian.Uint64(size[:]), nil
}

// readBody reads size bytes; memory grows with what has come, not with what was
// claimed.
func readBody(r *bufio.Reader, size uint64) ([]byte, error) {
	if size <= chunk {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, torn(err)
	}
	body := make([]byte, 0, chunk)
	for uint64(len(body)) < size {
		if len(body) == cap(body) {
			grown := make([]byte, len(body), min(size, 4*uint64(cap(body))))
			copy(grown, body)
			body = grown
		}
		n := uint64(cap(body))
		read, err := io.ReadFull(r, body[len(body):n])
		body = body[:len(body)+read]
		if err != nil {
			return nil, torn(err)
		}
	}
	return body, nil
}

func skip(r *bufio.Reader, size uint64) error {
	if size > maxSkip {
		return fmt.Errorf("%w: frame of %d bytes", ErrProtocol, size)
	}
	_, err := io.CopyN(io.Discard, r, int64(size))
	return torn(err)
}

// torn makes an end in the middle of a frame different from an end between
// messages.
func torn(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendFrame writes a frame in its shortest form.
func appendFrame(dst []byte, flags byte, body []byte) []byte {
	if len(body) < 256 {
		dst = append(dst, flags, byte(len(body)))
	} else {
		dst = append(dst, flags|flagLong)
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(body)))
	}
	return append(dst, body...)
}
