package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"
)

// serveCmd is the command that serves; its fields are the flags.
type serveCmd struct {
	RootDir     string        `default:"." help:"Folder of notebooks to serve." env:"HUB_ROOT_DIR" placeholder:"DIR"`
	IP          string        `name:"ip" default:"127.0.0.1" help:"Address to listen on." env:"HUB_IP"`
	Port        int           `default:"8888" help:"Port; the next free one when it is taken, any free one with 0." env:"HUB_PORT"`
	BaseURL     string        `name:"base-url" help:"Path prefix, for a proxy." env:"HUB_BASE_URL" placeholder:"/PATH"`
	AllowHost   []string      `help:"Names under which the hub may be addressed besides localhost and IP addresses." env:"HUB_ALLOW_HOST" placeholder:"NAME"`
	StateDir    string        `help:"Where journals, versions and the trash are kept. Default: $XDG_STATE_HOME/notebook-hub." env:"HUB_STATE_DIR" placeholder:"DIR"`
	Token       string        `help:"Secret that opens the hub. Default: a random one, printed in the URL." env:"HUB_TOKEN" xor:"auth"`
	TokenFile   string        `help:"File that holds the token." env:"HUB_TOKEN_FILE" xor:"auth" placeholder:"FILE"`
	NoAuth      bool          `help:"Ask for no token; only on a loopback address." xor:"auth"`
	RoomIdle    time.Duration `default:"30s" help:"Evict rooms that nobody has used for so long." env:"HUB_ROOM_IDLE"`
	KernelIdle  time.Duration `default:"1h" help:"Stop kernels without executions or edits for so long." env:"HUB_KERNEL_IDLE"`
	SaveQuiet   time.Duration `default:"2s" help:"Save a notebook after so long without a change."`
	SaveMax     time.Duration `default:"10s" help:"Save a notebook at the latest after so long."`
	MaxNotebook int64         `default:"268435456" help:"Largest notebook file that is opened, in bytes."`
	LogFormat   string        `enum:"text,json" default:"text" help:"How log lines look: text or json." env:"HUB_LOG_FORMAT"`
	LogLevel    slog.Level    `default:"info" help:"Least important lines that are logged: debug, info, warn, error." env:"HUB_LOG_LEVEL"`
	StopTimeout time.Duration `default:"20s" help:"On a signal, save and stop within this time."`
}

// Run serves until ctx ends, and then stops cleanly. It fails when something
// could not be saved.
func (c *serveCmd) Run(ctx context.Context, con *console) error {
	log := c.logger(con)
	m, err := open(ctx, *c, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(con.out, "Notebook Hub %s serves %s\n    %s\n", version, m.root, m.readyURL())
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-m.failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.StopTimeout)
	defer cancel()
	if err = errors.Join(err, m.close(limit)); err != nil {
		return fmt.Errorf("stop: not everything was saved to its file (edits are in %s and come back with the next start): %w", m.stateDir, err)
	}
	log.Info("stopped; everything is saved")
	return nil
}

func (c *serveCmd) logger(con *console) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(con.err, options))
	}
	return slog.New(slog.NewTextHandler(con.err, options))
}

// secret returns the token: given, from a file, or random.
func (c *serveCmd) secret() (string, error) {
	switch {
	case c.NoAuth:
		if ip := net.ParseIP(c.IP); ip == nil || !ip.IsLoopback() {
			return "", fmt.Errorf("start: --no-auth is for a loopback address, not %s", c.IP)
		}
		return "", nil
	case c.Token != "":
		return c.Token, nil
	case c.TokenFile != "":
		data, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		if token := strings.TrimSpace(string(data)); token != "" {
			return token, nil
		}
		return "", fmt.Errorf("read the token: %s is empty", c.TokenFile)
	}
	var random [24]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return hex.EncodeToString(random[:]), nil
}

// maxPorts is how many ports after the wanted one are tried.
const maxPorts = 50

// listen opens the wanted port, or the next one that is free.
func (c *serveCmd) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	var first error
	for port := c.Port; port <= min(c.Port+maxPorts, 65535); port++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(c.IP, fmt.Sprint(port)))
		if err == nil {
			return l, nil
		}
		if first == nil {
			first = err
		}
		if !addressInUse(err) {
			break
		}
	}
	return nil, fmt.Errorf("listen: %w", first)
}
