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
	RootDir   string        `group:"Where" default:"." help:"Folder of notebooks to serve. Default: the present one." env:"HUB_ROOT_DIR" placeholder:"DIR"`
	IP        listenAddress `group:"Where" name:"ip" default:"127.0.0.1" help:"Address to listen on; 0.0.0.0 for every network of this computer." env:"HUB_IP"`
	Port      portNumber    `group:"Where" default:"8888" help:"Port. When it is taken the next free one is; any free one with 0." env:"HUB_PORT"`
	BaseURL   urlPath       `group:"Where" name:"base-url" help:"Serve everything below this path, for a proxy." env:"HUB_BASE_URL" placeholder:"/PATH"`
	AllowHost []hostName    `group:"Where" help:"Name under which the hub may be addressed, besides localhost and IP addresses: the proxy's, say. Can be repeated." env:"HUB_ALLOW_HOST" placeholder:"NAME"`
	StateDir  string        `group:"Where" help:"Folder for journals, former versions and the trash. Default: $XDG_STATE_HOME/notebook-hub, or ~/.local/state/notebook-hub." env:"HUB_STATE_DIR" placeholder:"DIR"`

	Token     string `group:"Who may enter" help:"Secret that opens the hub. Default: a new random one, printed in the URL." env:"HUB_TOKEN"`
	TokenFile string `group:"Who may enter" help:"File that holds the token, alone." env:"HUB_TOKEN_FILE" placeholder:"FILE"`
	NoAuth    bool   `group:"Who may enter" help:"Ask for no token. Only with a loopback address: every user of this computer may enter then."`

	RoomIdle    span     `group:"Rooms and files" default:"30s" help:"Free a room that nobody has used for so long; nothing is lost." env:"HUB_ROOM_IDLE"`
	SaveQuiet   span     `group:"Rooms and files" default:"2s" help:"Save a notebook after so long without a change." env:"HUB_SAVE_QUIET"`
	SaveMax     span     `group:"Rooms and files" default:"10s" help:"Save a notebook after so long, however busy it is." env:"HUB_SAVE_MAX"`
	MaxNotebook byteSize `group:"Rooms and files" default:"256MiB" help:"Largest notebook file that is opened." env:"HUB_MAX_NOTEBOOK"`

	KernelIdle      spanOrNever `group:"Kernels" default:"1h" help:"Stop a kernel after so long without a run or an edit; never with a negative one." env:"HUB_KERNEL_IDLE"`
	KernelStart     span        `group:"Kernels" default:"60s" help:"Longest that a kernel may take to start." env:"HUB_KERNEL_START"`
	KernelTransport string      `group:"Kernels" enum:"auto,ipc,tcp" default:"auto" help:"How kernels are spoken to: ipc (sockets that only you may use), tcp (ports of this computer), or auto: ipc where the kernel can." env:"HUB_KERNEL_TRANSPORT"`

	LogFormat   string   `group:"Running it" enum:"text,json" default:"text" help:"Log lines as text or json; they go to standard error." env:"HUB_LOG_FORMAT"`
	LogLevel    logLevel `group:"Running it" default:"info" help:"Least important lines that are logged: debug, info, warn or error." env:"HUB_LOG_LEVEL"`
	StopTimeout span     `group:"Running it" default:"20s" help:"On SIGINT and SIGTERM: save everything and stop within this time." env:"HUB_STOP_TIMEOUT"`

	only string // the one notebook that a hub for a single command is about
}

// Help is shown by --help after the flags.
func (c *serveCmd) Help() string {
	return `Every flag can stand in the configuration file under its name, and those that name a $VARIABLE in the environment.
A flag wins over the environment, the environment over the file, the file over the default.

SIGINT and SIGTERM save everything and stop. The exit code is 0 when all open notebooks were saved to their files, 1 when not; what was
not is kept in the state directory and is there again after the next start.`
}

// Run serves until ctx ends, and then stops cleanly. It fails when something
// could not be saved.
func (c *serveCmd) Run(ctx context.Context, con *console) error {
	log := c.logger(con)
	m, err := open(ctx, *c, log)
	if err != nil {
		return err
	}
	if c.Port != 0 && m.port() != int(c.Port) {
		fmt.Fprintf(con.out, "Port %d is taken; this is %d.\n", c.Port, m.port())
	}
	fmt.Fprintf(con.out, "Notebook Hub %s serves %s\n    %s\nCtrl-C saves everything and stops.\n", version, m.root, m.readyURL())
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-m.failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(c.StopTimeout))
	defer cancel()
	if err = errors.Join(err, m.close(limit)); err != nil {
		return fmt.Errorf("stop: not everything was saved to its file (edits are in %s and come back with the next start): %w", m.stateDir, err)
	}
	log.Info("stopped; everything that was open is saved")
	return nil
}

// warnings logs what a person must know, for a command that serves in passing.
func (c *serveCmd) warnings(con *console) *slog.Logger {
	return slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (c *serveCmd) logger(con *console) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(c.LogLevel)}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(con.err, options))
	}
	return slog.New(slog.NewTextHandler(con.err, options))
}

// secret returns the token: given, from a file, or random.
func (c *serveCmd) secret() (string, error) {
	switch {
	case c.NoAuth && (c.Token != "" || c.TokenFile != ""):
		return "", errors.New("start: --no-auth and a token exclude each other (HUB_TOKEN, HUB_TOKEN_FILE and the configuration file count)")
	case c.Token != "" && c.TokenFile != "":
		return "", errors.New("start: give --token or --token-file, not both (HUB_TOKEN, HUB_TOKEN_FILE and the configuration file count)")
	case c.NoAuth:
		if ip := net.ParseIP(string(c.IP)); ip == nil || !ip.IsLoopback() {
			return "", fmt.Errorf("start: --no-auth is for a loopback address such as 127.0.0.1, not %s; leave it out, or use --token", c.IP)
		}
		return "", nil
	case c.Token != "":
		return c.Token, usable(c.Token)
	case c.TokenFile != "":
		data, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		token := strings.TrimSpace(string(data))
		if token == "" {
			return "", fmt.Errorf("read the token: %s is empty", c.TokenFile)
		}
		return token, usable(token)
	}
	var random [24]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return hex.EncodeToString(random[:]), nil
}

// usable refuses a token that no header can carry. It is a secret, so it is not
// shown.
func usable(token string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("start: the token may have letters, digits and signs of ASCII, and no space (--token, --token-file; not shown here)")
	}
	return nil
}

// maxPorts is how many ports after the wanted one are tried.
const maxPorts = 50

// listen opens the wanted port, or the next one that is free.
func (c *serveCmd) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	var first error
	last := min(int(c.Port)+maxPorts, 65535)
	for port := int(c.Port); port <= last; port++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(string(c.IP), fmt.Sprint(port)))
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
	if addressInUse(first) {
		return nil, fmt.Errorf("listen: ports %d to %d are taken; give --port 0 for any free one", c.Port, last)
	}
	return nil, fmt.Errorf("listen at --ip %s, --port %d: %w", c.IP, c.Port, first)
}
