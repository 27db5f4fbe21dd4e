package clustertest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A cluster that takes fewer jobs at once than a run has gets the rest as there is room.
func fullQueue(t *testing.T, c *cluster) {
	if jobs := queue(t); len(jobs) > 0 {
		t.Fatalf("other tests have left %q", jobs)
	}
	c.configure(t, "MaxJobCount=6", "MinJobAge=2") // those that have ended count until they are forgotten
	defer c.configure(t, "MaxJobCount=10000", "MinJobAge=60")
	if jobs := queue(t); len(jobs) > 0 {
		t.Fatalf("the controller has brought back %q", jobs)
	}
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"run", "train", "--params", "params/smoke.yaml", "--json"}
	here, there := local.start(args...), far.start(append(args, "--executor", "slurm")...)
	same(t, there.results(), here.results())
	if !there.says("no more jobs are taken for now")() {
		t.Errorf("nothing is said of the full queue:\n%s", &there.said)
	}
}

// A machine whose clock is apart from the controller's is told so.
func clocksApart(t *testing.T, c *cluster) {
	if _, err := exec.LookPath("faketime"); err != nil {
		t.Skip("a clock is put wrong by faketime, which is not installed")
	}
	for _, d := range []string{"+2h", "-2h"} {
		apart := exec.Command("faketime", "-f", d, "/usr/sbin/munged", "--foreground", "--force", "--socket="+c.path("munge", "apart"), "--key-file="+c.path("munge", "key"),
			"--pid-file="+c.path("apart.pid"), "--log-file="+c.path("munge", "apart.log"), "--seed-file="+c.path("munge", "apart.seed"))
		if err := apart.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "munged", func() bool { return c.pid("apart") > 0 })
		text, err := os.ReadFile(c.path("slurm.conf"))
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, "apart.conf", strings.Replace(string(text), "socket="+c.path("munge", "socket"), "socket="+c.path("munge", "apart"), 1))
		t.Run(d, func(t *testing.T) {
			t.Setenv("SLURM_CONF", c.path("apart.conf"))
			newWorkplace(t).fails(t, 1, "clocks must agree")
		})
		if err := syscall.Kill(c.pid("apart"), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		_ = apart.Wait() // it was killed
		if err := os.Remove(c.path("apart.pid")); err != nil {
			t.Error(err)
		}
	}
}

// A store that is full ends a run in a line that says so.
func fullStore(t *testing.T) {
	w := newWorkplace(t)
	if err := os.Mkdir(w.dir+"/artifacts", 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=60m", "none", w.dir+"/artifacts").CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be made here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "--lazy", w.dir+"/artifacts").Run() })
	w.fails(t, 1, "no space left")
	if jobs := queue(t); len(jobs) > 0 {
		t.Errorf("left behind: %q", jobs)
	}
}
