package kernel

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
)

const (
	// A socket's path must fit into sockaddr_un: 104 bytes on some systems.
	maxSocketPath = 103
	manifestName  = "manifest.json"
)

// folder is where one kernel's connection file and sockets are, for the user's
// eyes only.
type folder struct {
	path       string
	sockets    string // where sockets are: path, or a shorter one
	connection jupyter.Connection
}

// newFolder makes a kernel's folder below dir. The manifest in it is written
// before anything else, so that a crash leaves nothing without an owner.
func newFolder(dir, transport, spec string, m manifest) (f *folder, err error) {
	path, err := os.MkdirTemp(dir, "k") // 0700
	if err != nil {
		return nil, fmt.Errorf("make kernel folder: %w", err)
	}
	f = &folder{path: path, sockets: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.remove())
		}
	}()
	if transport == TransportIPC && len(filepath.Join(path, "s-5")) > maxSocketPath {
		if f.sockets, err = os.MkdirTemp("", "k"); err != nil {
			return f, fmt.Errorf("make socket folder: %w", err)
		}
		m.Sockets = f.sockets
	}
	if err := f.note(m); err != nil {
		return f, err
	}
	return f, f.connect(transport, spec)
}

// note writes the manifest.
func (f *folder) note(m manifest) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	name := filepath.Join(f.path, manifestName)
	if err := os.WriteFile(name+"~", data, 0o600); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return os.Rename(name+"~", name)
}

// connect chooses endpoints and a key, and writes the connection file.
func (f *folder) connect(transport, spec string) error {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	c := jupyter.Connection{
		Transport: transport, IP: filepath.Join(f.sockets, "s"),
		Key: hex.EncodeToString(key[:]), Scheme: "hmac-sha256", Name: spec,
	}
	ports := [jupyter.Channels]int{1, 2, 3, 4, 5}
	if transport == TransportTCP {
		c.IP = "127.0.0.1"
		var err error
		if ports, err = freePorts(); err != nil {
			return fmt.Errorf("find ports: %w", err)
		}
	}
	c.SetPorts(ports)
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode connection file: %w", err)
	}
	if err := os.WriteFile(f.file(), data, 0o600); err != nil {
		return fmt.Errorf("write connection file: %w", err)
	}
	f.connection = c
	return nil
}

func (f *folder) file() string { return filepath.Join(f.path, "connection.json") }

func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.sockets != f.path && f.sockets != "" {
		err = errors.Join(err, os.RemoveAll(f.sockets))
	}
	return err
}

// freePorts finds five ports that are free now. All are held while looking, so
// that they differ; a stranger may still be faster than the kernel.
func freePorts() (ports [jupyter.Channels]int, err error) {
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports, err
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
