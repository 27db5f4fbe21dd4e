package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// client asks Slurm by its own commands, which are the interface that every version keeps.
//
// A controller is restarted or killed at any moment, and may do what it is asked to without an
// answer ever arriving. So of every command the same holds: unanswered tells such an error from a
// refusal, and what was not answered is asked again, by insist where there is nothing else to do
// and by the follower at its next poll. Asked twice they do no harm: for sbatch the follower looks
// first whether the queue has the array.
type client struct{}

// patience is how long a command may take: a controller that is down is waited for by the commands
// themselves.
const patience = time.Minute

// An answer of Slurm that says no.
type refusal struct {
	command, said string
}

func (r *refusal) Error() string { return r.command + ": " + r.said }

func run(ctx context.Context, stdin, command string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	waiting := false // sbatch for room, which we do better
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the submitter, which decides what becomes of it
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(stdin)
	var out, said bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = writer(func(b []byte) (int, error) {
		said.Write(b)
		if strings.Contains(said.String(), "sleeping and retrying") {
			waiting = true
			stop()
		}
		return len(b), nil
	})
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // a wrapper around it may have left something behind
		return out.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", noCommand(command)
	case waiting:
		return "", &refusal{command, sentence(said.String())}
	case ctx.Err() != nil:
		return "", &refusal{command, strings.TrimPrefix(sentence(said.String())+"; ", "; ") + "no answer within " + patience.String()}
	case errors.As(err, &exit) && !exit.Exited():
		return "", &refusal{command, "ended before it answered: " + exit.String()}
	case errors.As(err, &exit):
		return "", &refusal{command, sentence(said.String())}
	}
	return "", fmt.Errorf("%s: %w", command, err)
}

func noCommand(command string) error {
	return fmt.Errorf("there is no %s on this machine: submit from a login node of the cluster (or with Slurm's commands in PATH), or leave --executor out to run here", command)
}

type writer func(b []byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

var saidBy = regexp.MustCompile(`^(sbatch|squeue|scancel|scontrol): (error: |fatal: )?`)

// sentence is what a command said of its fault, in one line, without its own name.
func sentence(said string) string {
	var parts []string
	for line := range strings.Lines(said) {
		if line = saidBy.ReplaceAllString(strings.TrimSpace(line), ""); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}

// says reports whether Slurm's refusal contains one of the texts.
func says(err error, texts ...string) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	for _, t := range texts {
		if strings.Contains(strings.ToLower(r.said), strings.ToLower(t)) {
			return true
		}
	}
	return false
}

// unanswered reports whether the controller gave no answer, so that it is not known whether it did
// what it was asked to. The texts are those of Slurm's slurm_errno.c and of the C library.
func unanswered(err error) bool {
	return !mistrusted(err) && says(err, "no answer within", "ended before it answered",
		"unable to contact", "communication", "connection failure", "shutdown", "in standby mode", "try again",
		"timed out", "missing socket", "zero bytes were transmitted", "insane message length", "header lengths",
		"message send failure", "message receive failure", "unexpected message received",
		"connection refused", "connection reset", "connection aborted", "broken pipe", "transport endpoint is not connected",
		"network is unreachable", "network is down", "no route to host", "host is down")
}

// mistrusted reports whether Slurm does not believe who asks.
func mistrusted(err error) bool { return says(err, "munge", "credential", "authentication") }

// unheard is the error of a Slurm that has not answered for so long. A controller does not answer
// those whom it does not believe either.
func unheard(patience time.Duration, err error) error {
	return fmt.Errorf("no answer of Slurm for %s (%w): `scontrol ping` tells whether its controller is up; if it is, munged must run here with the cluster's key, and the clocks must agree (`date`)", patience, err)
}

// insist asks until there is an answer, every so often and as long as there is patience; what is
// to be known meanwhile is said.
func insist(ctx context.Context, every, patience time.Duration, say func(string), ask func() error) error {
	silent := false
	for begun := time.Now(); ; {
		err := ask()
		switch {
		case !unanswered(err):
			if silent && err == nil {
				say("Slurm answers again")
			}
			return err
		case time.Since(begun) > patience:
			return unheard(patience, err)
		case !silent:
			silent = true
			say("Slurm does not answer (" + err.Error() + "): waiting")
		}
		sleep(ctx, every)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// full reports whether the cluster takes no more jobs of this user for now.
func full(err error) bool {
	return says(err, "SubmitJobLimit", "MaxSubmit", "QOSMaxSubmit", "job limit", "Resource temporarily unavailable", "queue is full", "accounting/QOS policy", "slurm temporarily unable to accept")
}

// advice is what to do about a refusal to take a job.
func advice(err error) string {
	switch {
	case says(err, "partition"):
		return "`sinfo` lists the partitions"
	case says(err, "account", "qos"):
		return "set options: --account=NAME or --qos=NAME; `sacctmgr show assoc user=$USER` lists yours"
	case mistrusted(err):
		return "Slurm does not trust this machine: munged must run here with the cluster's key, and the clocks must agree (`date`, `systemctl status munge`)"
	case says(err, "gres", "node configuration", "memory", "cpu", "time limit"):
		return "ask for less, or another partition; `sinfo -o '%P %c %m %l %G'` lists what there is"
	}
	return "ask for something else"
}

// submit submits a script as an array and returns its job. Slurm's answer is waited for a little
// longer than ctx goes on: what is submitted and not known is found by its name only later.
func (client) submit(ctx context.Context, script string, options []string) (job string, err error) {
	const longer = 5 * time.Second
	ctx, stop := lasting(ctx, longer)
	defer stop()
	out, err := run(ctx, script, "sbatch", append([]string{"--parsable"}, options...)...)
	if err != nil {
		return "", err
	}
	job, _, _ = strings.Cut(strings.TrimSpace(out), ";")
	if !isNumber(job) {
		return "", &refusal{"sbatch", fmt.Sprintf("answered %q where a job's number was expected", job)}
	}
	return job, nil
}

// lasting is a context that ends so much later than another.
func lasting(ctx context.Context, longer time.Duration) (context.Context, context.CancelFunc) {
	lasts, stop := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { sleep(lasts, longer); stop() })
	return lasts, func() { forget(); stop() }
}

// queued is a task that Slurm still knows of.
type queued struct {
	user   string // by number
	job    string // the array's
	task   int
	state  string
	reason string
	node   string
	number int // of the array, in our records
}

func (q queued) name() string { return taskName(q.job, q.task) }

// live reports whether something may still come of the task.
func (q queued) live() bool {
	switch q.state {
	case "PENDING", "RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "RESIZING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SIGNALING", "STAGE_OUT", "STOPPED", "SPECIAL_EXIT":
		return true
	}
	return false
}

// waits reports whether the task is one of this user's that has not begun.
func (q queued) waits() bool { return q.state == "PENDING" && q.user == strconv.Itoa(os.Getuid()) }

// held reports whether the task will never run unless somebody releases it, because it could not be
// started again and again.
func (q queued) held() bool {
	r := strings.ToLower(q.reason)
	return q.state == "PENDING" && (strings.Contains(r, "requeued_held") || strings.Contains(r, "requeued held") || strings.Contains(r, "maxrequeue"))
}

// queue lists the tasks of the jobs of these names: one question, however many they are.
func (client) queue(ctx context.Context, names []string) ([]queued, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := run(ctx, "", "squeue", "--noheader", "--array", "--states=all", "--name="+strings.Join(names, ","), "--format=%F|%K|%T|%k|%N|%U|%r")
	if err != nil {
		return nil, err
	}
	var all []queued
	for line := range strings.Lines(out) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 7)
		if len(f) != 7 {
			continue
		}
		task, errTask := strconv.Atoi(f[1])
		number, errNumber := strconv.Atoi(f[3])
		if errTask != nil || errNumber != nil {
			continue
		}
		all = append(all, queued{job: f[0], task: task, state: f[2], number: number, node: f[4], user: f[5], reason: f[6]})
	}
	return all, nil
}

// cancel ends jobs or tasks ("12", "12_3"). Those that have ended already are no fault.
func (client) cancel(ctx context.Context, jobs []string) error {
	const atOnce = 500 // of a command line
	for len(jobs) > 0 {
		n := min(len(jobs), atOnce)
		_, err := run(ctx, "", "scancel", append([]string{"--quiet"}, jobs[:n]...)...)
		if ended := says(err, "invalid job id", "already complet"); err != nil && (unanswered(err) || !ended) {
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// state is what Slurm says of a job.
func (client) state(ctx context.Context, job string) (string, error) {
	out, err := run(ctx, "", "squeue", "--noheader", "--states=all", "--format=%T", "--jobs="+job)
	return strings.TrimSpace(out), err
}

func (client) requeue(ctx context.Context, job string) error {
	_, err := run(ctx, "", "scontrol", "requeue", job)
	return err
}

var maxArraySize = regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*(\d+)`)

// mostTasks is one more than the largest number of a task.
func (client) mostTasks(ctx context.Context) (int, error) {
	out, err := run(ctx, "", "scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	const usual = 1001
	m := maxArraySize.FindStringSubmatch(out)
	if m == nil {
		return usual, nil
	}
	if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
		return n, nil
	}
	return usual, nil
}
