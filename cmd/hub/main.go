// Command hub makes a folder of Jupyter notebooks live: it serves them over
// HTTP and WebSocket, and talks to a hub that runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "dev"

// cli is the command line: every flag can also stand in the configuration file
// under its name, and most in an environment variable.
type cli struct {
	Config  kong.ConfigFlag `help:"Settings from this YAML file; keys are the names of flags." env:"HUB_CONFIG" placeholder:"FILE"`
	Serve   serveCmd        `cmd:"" default:"withargs" help:"Serve a folder of notebooks (the default)."`
	Version versionCmd      `cmd:"" help:"Print the version of this program and of the hub that runs."`
	clientCommands
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errExit is a failure that has been told already.
var errExit = errors.New("failed")

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("hub"),
		kong.Description("A folder of Jupyter notebooks, live: browsers, scripts and programs in one document."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
		kong.Configuration(yamlSettings, configFiles()...), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&console{stdout, stderr}))
	if err != nil {
		fmt.Fprintln(stderr, "hub:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help was answered
	}
	if err != nil {
		fmt.Fprintf(stderr, "hub: %v\nTry: hub --help\n", err)
		return 2
	}
	if err = parsed.Run(); err != nil {
		if !errors.Is(err, errExit) {
			fmt.Fprintln(stderr, "hub:", err)
		}
		return 1
	}
	return 0
}

// console is where a command writes: results to out, everything else to err.
type console struct {
	out, err io.Writer
}
