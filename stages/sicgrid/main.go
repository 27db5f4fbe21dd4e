// Command sicgrid trains networks that learn grid cells by themselves, analyses them and draws the
// figures of Schaeffer, Khona et al. (NeurIPS 2023). One command is one file, cmd_*.go; what
// they look at is opened by stages/session. What is computed in which order is stages/experiment/pipeline.go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sicgrid/pkg/params"
	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/completion"
	"sicgrid/stages/experiment"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // bad usage or parameters
	exitOutOfDate   = 3 // status: something would run
	exitInterrupted = 130
)

func main() {
	if most := mostThreads(runtime.NumCPU()); runtime.GOMAXPROCS(0) > most {
		runtime.GOMAXPROCS(most)
	}
	asks := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // which nohup wants ignored
		asks = append(asks, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), asks...)
	// The first interrupt asks the stages to stop; a second one kills the process.
	context.AfterFunc(ctx, stop)
	signal.Ignore(syscall.SIGXFSZ) // a limit on file sizes is then a failed write, like a full disk
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// mostThreads is how many threads are of any use on so many cores. Buffers are made for each.
func mostThreads(cores int) int { return max(4*cores, 16) }

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	out := &standardOutput{Writer: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if failed := out.failure(); failed != nil && (err == nil || errors.Is(err, errOutOfDate) || errors.Is(err, out.err)) {
		err = failed
	}
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	switch {
	case code == exitOutOfDate:
	case asksForJSON(cmd, args):
		printFailure(stderr, failure{oneLine(err), code})
	default:
		fmt.Fprintf(stderr, "sicgrid: %s\n", oneLine(err))
	}
	return code
}

// failure is the error of a command with --json: one line of JSON on standard error.
type failure struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
}

func printFailure(w io.Writer, f failure) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(f) // there is nobody left to tell
}

// asksForJSON says whether a command line has --json, also one that could not be read to its end.
func asksForJSON(cmd *cobra.Command, args []string) bool {
	if flag := cmd.Flags().Lookup("json"); flag != nil && flag.Changed {
		return flag.Value.String() == "true"
	}
	return cmd.Flags().Lookup("json") != nil && slices.Contains(args, "--json")
}

// errOutOfDate ends status when something would run: an answer, not a fault.
var errOutOfDate = errors.New("not up to date")

// lostError is the interrupt of a command that keeps nothing for the next time.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "interrupted; nothing is kept of it" }
func (e *lostError) Unwrap() error { return e.cause }

func exitCode(ctx context.Context, err error) int {
	var misuse *usage.Error
	var unknown *experiment.UnknownError
	var parameter *params.Error
	switch {
	case errors.Is(err, errOutOfDate):
		return exitOutOfDate
	case errors.As(err, &misuse), errors.As(err, &unknown), errors.As(err, &parameter):
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

func oneLine(err error) string {
	if detached := (*slurm.Detached)(nil); errors.As(err, &detached) {
		return detached.Error()
	}
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		return lost.Error()
	}
	if errors.Is(err, context.Canceled) {
		return "interrupted; what had finished is kept, and the next run goes on from there"
	}
	return printable.Line(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; "))
}

// verbosity is -1 after -q, 1 after -v.
type verbosity int

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sicgrid",
		Short: "Grid cells from self-supervised learning, reproduced as a pipeline of cached stages",
		Example: "  sicgrid run all                                   # both networks, every figure\n" +
			"  sicgrid run figure-6 --params params/smoke.yaml   # one figure, in seconds\n" +
			"  sicgrid status all                                # what would run, and why",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	root.PersistentFlags().BoolP("quiet", "q", false, "print results and errors only")
	root.PersistentFlags().BoolP("verbose", "v", false, "print digests, keys and stack traces too")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage.Errorf("%s: %v; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
	})
	root.AddCommand(
		newRunCommand(), newSweepCommand(), newStatusCommand(), newWhyCommand(), newDagCommand(), newVerifyCommand(), newGCCommand(),
		newPushCommand(), newPullCommand(), newPublishCommand(), newFetchCommand(), newPinCommand(), newUnpinCommand(), newLockCommand(), newCheckCommand(), newCleanCommand(),
		newAnalyzeCommand(), newExportCommand(), newImportCommand(), newCiteCommand(), newCompareCommand(), newWatchCommand(), newReportCommand(), newParamsCommand(), newBenchCommand(), newDevicesCommand(), newVersionCommand(),
		newLogsCommand(), newStageCommand(),
	)
	completion.Add(root)
	checkArguments(root)
	return root
}

// checkArguments has every command below one check what all share.
func checkArguments(c *cobra.Command) {
	for _, c := range c.Commands() {
		accepts := c.Args
		c.Args = func(cmd *cobra.Command, args []string) error {
			if accepts != nil {
				if err := accepts(cmd, args); err != nil {
					return usage.Errorf("%s: %v; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())
				}
			}
			return checkFlags(cmd)
		}
		checkArguments(c)
	}
}

func verbosityOf(cmd *cobra.Command) verbosity {
	if quiet, _ := cmd.Flags().GetBool("quiet"); quiet {
		return -1
	}
	if verbose, _ := cmd.Flags().GetBool("verbose"); verbose {
		return 1
	}
	return 0
}

func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if near := params.Nearest(name, names); len(near) > 0 {
		return usage.Errorf("unknown command %q, did you mean %s?", name, strings.Join(near, " or "))
	}
	return usage.Errorf("unknown command %q, must be one of %s", name, strings.Join(names, ", "))
}

// takes checks how many arguments a command is given; what names them.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return fmt.Errorf("found %d arguments, must be %s", len(args), what)
		}
		return nil
	}
}
