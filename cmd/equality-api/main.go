// Command equality-api is the Equality Information API: the server and the
// commands to run it with. This package knows every other and wires them
// together; what they do is theirs.
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

const description = `Holds equality information about people: one record a person, one source for every service.

Start a server to try it out, then get a token to call it with:

    equality-api serve --data-dir data --demo-people 300
    equality-api token --data-dir data --role officer

Every flag of serve can be set as EQUALITY_API_<FLAG> in the environment, or in the file of --config. Of the others
--database alone can, in the environment.`

type cli struct {
	Serve         serveCommand         `cmd:"" help:"Run the server."`
	Token         tokenCommand         `cmd:"" help:"Print a token for a server in local mode."`
	Import        importCommand        `cmd:"" help:"Import records from files; no record that is there is changed. Status 1 means that some were rejected."`
	Export        exportCommand        `cmd:"" help:"Write every record to a file or to standard output."`
	Events        eventsCommand        `cmd:"" help:"Work with the events that could not be published."`
	Audit         auditCommand         `cmd:"" help:"Work with the access log."`
	Keys          keysCommand          `cmd:"" help:"Work with the keyset, without which no record can be read."`
	Backup        backupCommand        `cmd:"" help:"Write a backup, beside a running server: two files, encrypted for an age recipient. The keyset is not in it."`
	Restore       restoreCommand       `cmd:"" help:"Make a directory's database from a backup; what was erased since stays erased."`
	FinishRestore finishRestoreCommand `cmd:"" help:"Finish a PostgreSQL database that pg_restore or a point-in-time recovery has put back: what was erased since is removed, the feed begins anew, log and records are verified. No server may run."`
	Migrate       migrateCommand       `cmd:"" help:"Bring the database's schema up to date; on SQLite the server does so by itself."`
	OpenAPI       openAPICommand       `cmd:"" name:"openapi" help:"Print the contract (OpenAPI 3.1, YAML)."`
	Version       versionCommand       `cmd:"" help:"Print the program's and the contract's version."`
}

func newCLI() *cli { return &cli{Serve: serveCommand{config.New()}} }

// output is where commands print.
type output struct{ out, err io.Writer }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], output{os.Stdout, os.Stderr}))
}

// errFound is a verification that found something wrong: status 1, where every other error is 2.
var errFound = errors.New("the access log does not verify")

// exited is kong's wish to end the program, after --help.
type exited int

// run is the program: it returns the exit status.
func run(ctx context.Context, args []string, o output) (status int) {
	// What is made is its owner's alone; the database too, for which SQLite asks for more.
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
		kong.Writers(o.out, o.err), kong.Exit(func(code int) { panic(exited(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(o), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return o.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return o.fail(err)
	}
	if err := command.Run(); err != nil {
		return o.fail(err)
	}
	return 0
}

// fail prints an error, one line for each that is joined in it.
func (o output) fail(err error) int {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(o.err, "equality-api:", line)
	}
	if errors.Is(err, errFound) || errors.Is(err, errRejected) {
		return 1
	}
	return 2
}

type openAPICommand struct{}

func (openAPICommand) Run(o output) error {
	_, err := o.out.Write(api.YAML)
	return err
}

type versionCommand struct{}

func (versionCommand) Run(o output) error {
	_, err := fmt.Fprintf(o.out, "equality-api %s, contract %s\n", version(), api.Version())
	return err
}

// version is the module's, as the build recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

type settings = config.Settings
