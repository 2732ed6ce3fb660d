package jupyter

import "fmt"

// Channel is one of a kernel's five sockets.
type Channel int

// The channels, in the order of [Connection.Ports].
const (
	Shell Channel = iota
	IOPub
	Stdin
	Control
	Heartbeat
	Channels = 5 // how many there are
)

// String is the channel's name in Jupyter's documentation.
func (c Channel) String() string {
	return [...]string{"shell", "iopub", "stdin", "control", "heartbeat"}[c]
}

// Connection is the content of a connection file.
type Connection struct {
	Transport string `json:"transport"` // tcp or ipc
	IP        string `json:"ip"`        // for ipc: what the sockets' paths begin with
	Shell     int    `json:"shell_port"`
	IOPub     int    `json:"iopub_port"`
	Stdin     int    `json:"stdin_port"`
	Control   int    `json:"control_port"`
	Heartbeat int    `json:"hb_port"`
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
	Name      string `json:"kernel_name"`
}

// Ports returns the five ports by channel.
func (c Connection) Ports() [Channels]int {
	return [Channels]int{c.Shell, c.IOPub, c.Stdin, c.Control, c.Heartbeat}
}

// SetPorts sets the five ports by channel.
func (c *Connection) SetPorts(p [Channels]int) {
	c.Shell, c.IOPub, c.Stdin, c.Control, c.Heartbeat = p[0], p[1], p[2], p[3], p[4]
}

// Endpoint is where a channel is, for net.Dial and net.Listen.
func (c Connection) Endpoint(ch Channel) (network, address string) {
	port := c.Ports()[ch]
	if c.Transport == "ipc" {
		return "unix", fmt.Sprintf("%s-%d", c.IP, port)
	}
	return "tcp", fmt.Sprintf("%s:%d", c.IP, port)
}
