package clustertest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is a Slurm of four nodes of four processors on this machine, with everything of it in one
// folder and its own ports. It needs neither systemd nor accounting.
type cluster struct {
	dir  string
	host string
}

var nodes = []string{"n1", "n2", "n3", "n4"}

const configuration = `
ClusterName=sicgrid
SlurmctldHost=%[2]s(127.0.0.1)
SlurmctldPort=%[3]d
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[1]s/munge/socket,cred_expire=5
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/spool-%%n
SlurmctldPidFile=%[1]s/slurmctld.pid
SlurmdPidFile=%[1]s/slurmd-%%n.pid
SlurmctldLogFile=%[1]s/slurmctld.log
SlurmdLogFile=%[1]s/slurmd-%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdTimeout=15
KillWait=5
MinJobAge=60
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=n[1-4] NodeHostname=%[2]s NodeAddr=127.0.0.1 Port=[%[4]d-%[5]d] CPUs=4 RealMemory=4000
PartitionName=low Nodes=n[1-4] Default=YES PriorityTier=1 MaxTime=10
PartitionName=high Nodes=n[1-4] PriorityTier=10 PreemptMode=OFF
`

// missing is what a Slurm needs that this machine lacks, "" where it has all.
func missing() string {
	for _, c := range []string{"/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch"} {
		if _, err := os.Stat(c); err != nil {
			return c
		}
	}
	if os.Geteuid() != 0 {
		return "root, as which its daemons run"
	}
	return ""
}

// startCluster starts one and has it stopped, with everything that still runs on it, after the
// test. Each test has its own, which takes a second or two: whatever it does to jobs, daemons and
// configuration, none waits for what another has left. Lines are of the configuration, in the place
// of what it says otherwise.
func startCluster(t *testing.T, lines ...string) *cluster {
	t.Helper()
	if os.Getenv("SICGRID_SLURM_TESTS") == "" {
		t.Skip("starts a Slurm of its own, for minutes: go tool task test-slurm")
	}
	if what := missing(); what != "" {
		t.Fatalf("no Slurm: %s is missing", what)
	}
	dir, err := os.MkdirTemp("", "slurm-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	c := &cluster{dir, host}
	t.Cleanup(func() {
		c.stop(t)
		if !t.Failed() { // else its logs are of use
			os.RemoveAll(dir)
		}
	})
	port := freePorts(t, 1+len(nodes))
	text := fmt.Sprintf(configuration, dir, host, port, port+1, port+len(nodes))
	c.write(t, "slurm.conf", text)
	for _, line := range lines {
		c.set(t, line)
	}
	c.write(t, "cgroup.conf", "CgroupAutomount=no\nCgroupMountpoint="+dir+"/cgroup\n")
	t.Setenv("SLURM_CONF", c.path("slurm.conf"))
	for _, sub := range []string{"state", "munge"} {
		if err := os.Mkdir(c.path(sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 1024)
	_, _ = rand.Read(key) // which cannot fail
	if err := os.WriteFile(c.path("munge", "key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	c.must(t, "/usr/sbin/munged", "--force", "--socket="+c.path("munge", "socket"), "--key-file="+c.path("munge", "key"),
		"--pid-file="+c.path("munged.pid"), "--log-file="+c.path("munge", "log"), "--seed-file="+c.path("munge", "seed"))
	c.must(t, "/usr/sbin/slurmctld", "-c")
	for _, n := range nodes {
		c.startNode(t, n)
	}
	c.awaitNodes(t)
	return c
}

// freePorts is the first of so many ports in a row on which nobody listens.
func freePorts(t *testing.T, many int) int {
	t.Helper()
	const first, last = 17000, 18000
next:
	for port := first; port < last; port += many {
		for i := range many {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+i))
			if err != nil {
				continue next
			}
			l.Close()
		}
		return port
	}
	t.Fatalf("no %d free ports from %d on", many, first)
	return 0
}

func (c *cluster) path(elements ...string) string {
	return filepath.Join(append([]string{c.dir}, elements...)...)
}

func (c *cluster) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// must runs a command, whose output goes nowhere that a daemon could keep open.
func (c *cluster) must(t *testing.T, command string, args ...string) {
	t.Helper()
	log, err := os.CreateTemp(c.dir, "started-")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(command, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = c.dir
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("%s: %v\n%s", command, err, said)
	}
}

func (c *cluster) startNode(t *testing.T, node string) {
	t.Helper()
	c.must(t, "/usr/sbin/slurmd", "-N", node)
}

// countJobsFrom has a controller that knows of no job number the next ones from here on, as one
// who loses its state must: a node that is given a number that it has a job of already is taken
// out of service.
func (c *cluster) countJobsFrom(t *testing.T, number int) {
	t.Helper()
	c.set(t, fmt.Sprintf("FirstJobId=%d", number))
}

// set puts one line of the configuration in the place of what it said before.
func (c *cluster) set(t *testing.T, line string) {
	t.Helper()
	text, err := os.ReadFile(c.path("slurm.conf"))
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(line, "=")
	var kept []string
	for old := range strings.Lines(string(text)) {
		if !strings.HasPrefix(old, name+"=") {
			kept = append(kept, old)
		}
	}
	c.write(t, "slurm.conf", strings.Join(kept, "")+line+"\n")
}

// startController starts slurmctld again, with the jobs that it had.
func (c *cluster) startController(t *testing.T) {
	t.Helper()
	c.must(t, "/usr/sbin/slurmctld")
	await(t, "slurmctld to answer", func() bool { return exec.Command("squeue").Run() == nil })
}

// restartController has slurmctld end in order and start again.
func (c *cluster) restartController(t *testing.T) {
	t.Helper()
	c.end(t, "slurmctld", syscall.SIGTERM)
	c.startController(t)
}

// keepState copies what slurmctld knows of its jobs, and returns what puts the copy back.
func (c *cluster) keepState(t *testing.T) (putBack func()) {
	t.Helper()
	copied := c.path("kept")
	if err := os.CopyFS(copied, os.DirFS(c.path("state"))); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.RemoveAll(c.path("state")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(copied, c.path("state")); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *cluster) awaitNodes(t *testing.T) {
	t.Helper()
	await(t, "four nodes that are up", func() bool {
		out, _ := exec.Command("sinfo", "-h", "-N", "-p", "low", "-o", "%T").Output()
		up := 0
		for state := range strings.FieldsSeq(string(out)) {
			if state == "idle" || state == "mixed" || state == "allocated" {
				up++
			}
		}
		return up == len(nodes)
	})
}

// pid is the process of a daemon.
func (c *cluster) pid(name string) int {
	data, err := os.ReadFile(c.path(name + ".pid"))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data))) // 0 is none
	return pid
}

// kill kills a daemon as kill -9 does.
func (c *cluster) kill(t *testing.T, name string) {
	t.Helper()
	c.end(t, name, syscall.SIGKILL)
}

// end sends a daemon a signal and waits until it is gone.
func (c *cluster) end(t *testing.T, name string, by syscall.Signal) {
	t.Helper()
	pid := c.pid(name)
	if pid == 0 {
		t.Fatalf("%s has no process", name)
	}
	if err := syscall.Kill(pid, by); err != nil {
		t.Fatalf("end %s: %v", name, err)
	}
	await(t, name+" to be gone", func() bool { return syscall.Kill(pid, 0) != nil })
}

// stop kills the daemons, what they have started and who still asks them, and waits until all of
// them are gone.
func (c *cluster) stop(t *testing.T) {
	const within = 30 * time.Second
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left := c.processes("")
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
		if len(left) == 0 {
			return
		}
		if time.Since(begun) > within {
			t.Errorf("%d processes of the cluster have not ended within %v of being killed", len(left), within)
			return
		}
	}
}

// steps lists the processes of slurmstepd of this cluster's jobs.
func (c *cluster) steps() (pids []int) { return c.processes("slurmstepd") }

// stages lists the stage processes of this cluster's jobs.
func (c *cluster) stages() (pids []int) { return c.processes(" stage ") }

// processes lists those of this cluster whose command line contains the text.
func (c *cluster) processes(command string) (pids []int) {
	return processes(command, "SLURM_CONF="+c.dir+"/")
}

// processes lists those whose command line contains one text and whose environment another.
func processes(command, environment string) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")) // empty of what has ended meanwhile
		env, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if strings.Contains(strings.ReplaceAll(string(line), "\x00", " "), command) && strings.Contains(string(env), environment) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// await waits for something that takes seconds, minutes on a machine with much else to do.
func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	const within = 3 * time.Minute
	for begun := time.Now(); !there(); time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > within {
			t.Fatalf("waited %v in vain for %s; %s", within, what, seen())
		}
	}
}

// seen is what Slurm says of its jobs and nodes, for the messages of what went wrong.
func seen() string {
	jobs, _ := exec.Command("squeue", "--all", "--states=all", "-o", "%i %j %T %r %N %E %k").CombinedOutput()
	nodes, _ := exec.Command("sinfo", "-N", "-o", "%n %P %T %E").CombinedOutput()
	return fmt.Sprintf("squeue:\n%ssinfo:\n%s", jobs, nodes)
}

// queue lists the jobs that wait or run.
func queue(t *testing.T) []string {
	t.Helper()
	var said bytes.Buffer
	ask := exec.Command("squeue", "-h", "-r", "-o", "%i_%T_%r")
	ask.Stderr = &said
	out, err := ask.Output()
	if err != nil {
		t.Fatalf("squeue: %v: %s", err, &said)
	}
	return strings.Fields(string(out))
}

// empty waits until no job waits or runs: one that is cancelled takes a moment to end.
func empty(t *testing.T, after string) {
	t.Helper()
	await(t, "the queue to be empty after "+after, func() bool { return len(queue(t)) == 0 })
}
