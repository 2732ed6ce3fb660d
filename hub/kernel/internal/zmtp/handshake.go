package zmtp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

const greetingSize = 64

// greeting is the first 64 bytes of either side: signature, version 3.0, the
// NULL mechanism, filler.
func greeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:32], "NULL")
	return g
}

func checkGreeting(g []byte) error {
	mechanism := string(bytes.TrimRight(g[12:32], "\x00"))
	switch {
	case g[0] != 0xff || g[9]&1 != 1:
		return fmt.Errorf("%w: no greeting", ErrProtocol)
	case g[10] < 3:
		return fmt.Errorf("%w: version %d.%d", ErrProtocol, g[10], g[11])
	case mechanism != "NULL":
		return fmt.Errorf("%w: security mechanism %q", ErrProtocol, mechanism)
	}
	return nil
}

// handshake exchanges greetings and READY commands.
func (c *Conn) handshake(kind Kind, identity string) error {
	hello := appendFrame(greeting(), flagCommand, ready(kind, identity))
	if _, err := c.net.Write(hello); err != nil {
		return err
	}
	var theirs [greetingSize]byte
	if _, err := io.ReadFull(c.reader, theirs[:]); err != nil {
		return torn(err)
	}
	if err := checkGreeting(theirs[:]); err != nil {
		return err
	}
	flags, size, err := readHeader(c.reader)
	if err != nil {
		return torn(err)
	}
	if flags&flagCommand == 0 || size > maxCommand {
		return fmt.Errorf("%w: no READY command", ErrProtocol)
	}
	body, err := readBody(c.reader, size)
	if err != nil {
		return err
	}
	return c.checkReady(kind, body)
}

func ready(kind Kind, identity string) []byte {
	body := command("READY")
	body = appendProperty(body, "Socket-Type", string(kind))
	if identity == "" {
		return body
	}
	return appendProperty(body, "Identity", identity)
}

func (c *Conn) checkReady(kind Kind, body []byte) error {
	name, rest := splitCommand(body)
	if name == "ERROR" {
		return fmt.Errorf("%w: refused: %q", ErrProtocol, rest)
	}
	properties, ok := parseProperties(rest)
	if name != "READY" || !ok {
		return fmt.Errorf("%w: no READY command", ErrProtocol)
	}
	c.peer, c.identity = Kind(properties["socket-type"]), properties["identity"]
	if !kind.speaksTo(c.peer) {
		return fmt.Errorf("%w: the peer is a %q socket, which a %s socket does not speak to", ErrProtocol, c.peer, kind)
	}
	return nil
}

func command(name string) []byte {
	return append([]byte{byte(len(name))}, name...)
}

func splitCommand(body []byte) (name string, rest []byte) {
	if len(body) == 0 || len(body) < 1+int(body[0]) {
		return "", nil
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:]
}

func appendProperty(dst []byte, name, value string) []byte {
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

// parseProperties reads metadata; names do not depend on case.
func parseProperties(b []byte) (map[string]string, bool) {
	properties := make(map[string]string)
	for len(b) > 0 {
		name, rest := splitCommand(b)
		if name == "" || len(rest) < 4 {
			return nil, false
		}
		size := binary.BigEndian.Uint32(rest)
		if uint64(size) > uint64(len(rest)-4) {
			return nil, false
		}
		properties[strings.ToLower(name)] = string(rest[4 : 4+size])
		b = rest[4+size:]
	}
	return properties, true
}
