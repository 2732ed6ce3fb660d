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
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/notebookhub/hub/hub/kernel"
)

// version is set when a release is built.
var version = "dev"

// shimName is the hidden subcommand that stands between the hub and a kernel.
const shimName = "kernel-shim"

// cli is the command line: every flag can also stand in the configuration file
// under its name, and most in an environment variable.
type cli struct {
	Config  kong.ConfigFlag  `help:"Settings from this YAML file; its keys are the names of flags. Read without asking: ${config_file}." env:"HUB_CONFIG" placeholder:"FILE"`
	About   kong.VersionFlag `name:"version" help:"Print the version of this program."`
	Serve   serveCmd         `cmd:"" default:"withargs" group:"Serve" help:"Serve a folder of notebooks (the default)."`
	Version versionCmd       `cmd:"" group:"Serve" help:"Print the version of this program and of the hub that runs."`
	clientCommands
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == shimName {
		os.Exit(kernel.ShimMain(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// console is what a command reads and where it writes: results to out,
// everything else to err.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// exitCode is a failure that has been told already, and the code to exit with.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit with code %d", int(e)) }

// Exit codes of every command; diff and run give them their own meaning too.
const (
	exitFailed = exitCode(1)
	exitUsage  = exitCode(2)
)

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, con console) int {
	var c cli
	exit := -1
	parser, err := newParser(ctx, &c, &con, func(code int) { exit = code })
	if err != nil {
		fmt.Fprintln(con.err, "hub:", err)
		return int(exitUsage)
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help was answered
	}
	if err != nil {
		command, said := commandOf(err, args), err.Error()
		if word, found := strings.CutPrefix(said, "unexpected argument "); found && command == "" {
			said = "there is no command " + word
		}
		fmt.Fprintf(con.err, "hub: %s\nTry: hub %s--help\n", said, command)
		return int(exitUsage)
	}
	err = parsed.Run()
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(con.err, "hub:", err)
	return int(exitFailed)
}

func newParser(ctx context.Context, c *cli, con *console, exit func(int)) (*kong.Kong, error) {
	return kong.New(c, kong.Name("hub"),
		kong.Description("A folder of Jupyter notebooks, live: browsers, scripts and programs in one document."),
		kong.Writers(con.out, con.err), kong.Exit(exit), kong.Vars{"config_file": configFile(), "version": "hub " + version},
		kong.Configuration(yamlSettings, configFile()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(con))
}

// commandOf names the command whose flags or arguments were wrong, and a space.
// A command that was not typed, but is the default, is not named: what was typed
// may be a misspelt one.
func commandOf(err error, args []string) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context.Command() == "" || wrong.Context.Selected() == nil {
		return ""
	}
	if name := wrong.Context.Selected().Name; slices.Contains(args, name) {
		return name + " "
	}
	return ""
}
