// Command equality-api is the Equality Information API: the server and the
// commands to operate it. This package imports all others and wires them
// together. It owns flags, output and files, and nothing else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"equality-information-api/api"
	"equality-information-api/internal/config"
)

const description = `Holds equality information about people: one record for each person, one source for every service.

To try it out, start a server and get a token:

    equality-api serve --data-dir data --demo-people 300
    equality-api token --data-dir data --role officer

You can also set every flag of serve as EQUALITY_API_<FLAG> in the environment, or in the file that --config names. For
the other commands you can only set --database and --directory this way, in the environment.`

type cli struct {
	Serve         serveCommand         `cmd:"" help:"Run the server."`
	Token         tokenCommand         `cmd:"" help:"Print a token for a server in local mode or, with its secret, for any other."`
	Import        importCommand        `cmd:"" help:"Import new records, or people for the directory, from files. Existing ones are never changed. Exit status 1 means that some were rejected."`
	Export        exportCommand        `cmd:"" help:"Write every record, or every person of the directory, to a file or to standard output."`
	Events        eventsCommand        `cmd:"" help:"Manage events that could not be published."`
	Audit         auditCommand         `cmd:"" help:"Check the access log."`
	Keys          keysCommand          `cmd:"" help:"Manage the keyset. Without it no record can be read."`
	Backup        backupCommand        `cmd:"" help:"Write a backup while the server runs: two files, encrypted for an age recipient. The keyset is not included."`
	Restore       restoreCommand       `cmd:"" help:"Restore a backup into a directory without a database. Records erased since the backup stay erased."`
	FinishRestore finishRestoreCommand `cmd:"" help:"Finish restoring a PostgreSQL database after pg_restore or a point-in-time recovery: remove records erased since, start a new feed, verify log and records. Stop every server first."`
	Migrate       migrateCommand       `cmd:"" help:"Bring the database schema up to date. On SQLite the server does this itself."`
	OpenAPI       openAPICommand       `cmd:"" name:"openapi" help:"Print the contract (OpenAPI 3.1, YAML)."`
	Completion    completionCommand    `cmd:"" help:"Print a script that completes commands and flags in your shell."`
	Help          helpCommand          `cmd:"" help:"Show help for all commands, or for one."`
	Version       versionCommand       `cmd:"" help:"Print the versions of the program and the contract."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the versions of the program and the contract."`
}

func newCLI() *cli { return &cli{Serve: serveCommand{config.New()}} }

// output is where commands print.
type output struct{ out, err io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], output{os.Stdout, os.Stderr}))
}

// errFound is a failed verification: exit status 1, unlike every other error, which is 2.
var errFound = errors.New("the access log failed verification")

// exited is kong's request to end the program, after --help.
type exited int

// run runs the program and returns its exit status.
func run(ctx context.Context, args []string, o output) (status int) {
	// New files are only for their owner, including the database, for which SQLite asks for more.
	syscall.Umask(0o077)
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exited)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	parser, err := kong.New(newCLI(), kong.Name("equality-api"), kong.Description(description),
		kong.Writers(o.out, o.err), config.Lists, kong.Exit(func(code int) { panic(exited(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(o), kong.Vars{"version": versions()}, kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return o.fail(err)
	}
	parser.Model.HelpFlag.Help = "Show this help."
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return o.fail(err)
	}
	if err := emptyGiven(command); err != nil {
		return o.fail(err)
	}
	if err := command.Run(); err != nil {
		return o.fail(err)
	}
	return 0
}

// emptyGiven refuses flags and arguments that were given empty. serve lists its own, with
// everything else that is wrong with its settings.
func emptyGiven(command *kong.Context) error {
	if command.Command() == "serve" {
		return nil
	}
	return errors.Join(config.Empty(command)...)
}

// fail prints an error, with one line for each error joined in it.
func (o output) fail(err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(o.err, "equality-api:", line)
	}
	if errors.Is(err, errFound) || errors.Is(err, errRejected) {
		return 1
	}
	return 2
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, such as keys init."`
}

// Run shows what --help shows.
func (c helpCommand) Run(parser *kong.Kong) error {
	command, err := kong.Trace(parser, c.Command)
	if err != nil {
		return err
	}
	// A group, such as keys, has help too, although it cannot run.
	if selected := command.Selected(); len(c.Command) > 0 && (selected == nil || selected.Depth() < len(c.Command)-1) {
		return errors.New("there is no such command: see equality-api help")
	}
	return command.PrintUsage(false)
}

type openAPICommand struct{}

func (openAPICommand) Run(o output) error {
	_, err := o.out.Write(api.YAML)
	return err
}

type versionCommand struct{}

func (versionCommand) Run(o output) error {
	_, err := fmt.Fprintln(o.out, versions())
	return err
}

func versions() string { return fmt.Sprintf("equality-api %s, contract %s", version(), api.Version()) }

// release is the version of a release, which `make release` sets.
var release string

// version is the program's version: the release's, or else the module's, as the build
// recorded it.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

type settings = config.Settings
